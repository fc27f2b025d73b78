"""What an open incident reads of its account: inventory, figures, settings, listings, evidence.

Reading changes nothing in the account; what was read is kept here and, where a verdict rests on it, journaled by the
recorder.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from workbench.core import registered_names
from workbench.core.clock import ShiftedClock, as_moment, host_behind, iso
from workbench.core.errors import ApiError, NotAuthorised
from workbench.domain.detection import changes, contradictions
from workbench.domain.forensics import timeline
from workbench.domain.hardening import measures
from workbench.domain.model.credential_use import CredentialUses
from workbench.domain.model.inventory import LAG, Gap, Inventory
from workbench.domain.model.plan import EffectKind, Place
from workbench.domain.model.situation import Situation
from workbench.domain.runbook import outside_hands
from workbench.domain.runbook.containment_state import containment
from workbench.domain.runbook.recorded import KeyLimits
from workbench.domain.runbook.sending import sending
from workbench.mailgun.client import CallSeen, Mailgun
from workbench.mailgun.keys import tail_of
from workbench.mailgun.probe import Capabilities, probe
from workbench.readers import snapshots
from workbench.readers.account_name import account_name
from workbench.readers.inventory import InventoryReader
from workbench.readers.sending_volume import Metering
from workbench.session.admin_key import AdminKey
from workbench.session.call_rate import CallRate
from workbench.session.events import Changed, SendingRate, Waiting
from workbench.session.recorder import Recorder, SessionOptions
from workbench.smtp.auth_probe import SmtpProver
from workbench.vault.recording import GuardedVault
from workbench.vault.vault import incident_service

if TYPE_CHECKING:
    from workbench.blocklists.verdicts import Listing
    from workbench.readers.change_watcher import Watcher
    from workbench.session.blocklist_watch import BlocklistWatch
    from workbench.session.investigation import Investigation


# What gaps of the figures are called; they are read beside the inventory.
FIGURES = "sending figures"
SENDERS = "who sends"


class AccountReadings:
    """The reading part of a session; made by ``open_session``."""

    def __init__(self, options: SessionOptions, recorder: Recorder, admin: AdminKey) -> None:
        self._options = options
        self.recorder = recorder
        self.clock = options.clock
        self._admin = admin
        self._calls = CallRate()
        self.search_places = options.search_places
        self.network = options.network
        self.inventory = Inventory()
        self.capabilities: Capabilities | None = None
        # Why nothing of the account can be read from here, in words; empty where it can, or nobody asked yet.
        self.refused = ""
        self.rate: SendingRate | None = None
        self.api = Mailgun(
            options.endpoints,
            admin.key,
            clock=options.clock,
            on_call=self._called,
            on_wait=self._waits,
            network=options.network,
        )
        self.metering = Metering(self.api, options.clock)
        self.prover = SmtpProver(clock=options.clock, network=options.network)
        self.vault = GuardedVault(options.vault, recorder.journal.guard)
        recorder.journal.guard(admin.key)
        self._investigation: Investigation | None = None
        self._watcher: Watcher | None = None
        self._blocklists: BlocklistWatch | None = None
        self._noting = asyncio.Lock()
        self.listings: dict[str, Listing] = {}

    # ── what is known ────────────────────────────────────────────────────────────────────────────────

    @property
    def title(self) -> str:
        """Return the account's name and the regions that accept our key, for the top line."""
        known = self.capabilities
        served = [r for r in self.api.endpoints.regions if known is None or known.regions[r].alive]
        regions = "+".join(region.value.upper() for region in served) or "no region"
        return f"{self.recorder.state.name or 'account'} ({regions})"

    @property
    def inventory_is_whole(self) -> bool:
        """Return whether nothing that was asked of the account is missing."""
        return not self.inventory.missing

    @property
    def calls_per_second(self) -> float:
        """Return the API calls of the last two seconds, per second."""
        return self._calls.per_second(self.clock.monotonic())

    @property
    def own_key_id(self) -> str:
        """Return the id of the key in use, ``""`` while the account has not named it."""
        # The id is the tail of the secret; a header may have been rewritten on the way.
        tail = tail_of(self.api.key)
        return tail if tail in self.inventory.keys else self.api.key_id or self._options.own_key_id

    def situation(self) -> Situation:
        """Return everything the actions and the runbook look at."""
        held = self._investigation.assessment if self._investigation is not None else None
        added = held.damage.added if held is not None else ()
        volume = self.metering.volume
        return Situation(
            self.inventory, self.recorder.state, self.clock.now(), self.own_key_id, volume, added
        )

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────

    async def connect(self) -> Capabilities:
        """Ask what this key can do from here; raises the ApiError that explains when it can do nothing."""
        self.api.serve(self._options.endpoints)
        found = await probe(self.api)
        if isinstance(found.failure(), NotAuthorised) and self._admin.retired is not None:
            # The replacement is dead and the key that was supplied may not be: what was journaled need not be true.
            ours = self.api.key
            self.api.use_key(self._admin.retired if ours != self._admin.retired else ours)
            again = await probe(self.api)
            if again.usable:
                found = again
            else:
                self.api.use_key(ours)
        # The session's own clock may have followed the account's meanwhile: what is told is the host's.
        offset = None if found.clock_offset is None else found.clock_offset + host_behind(self.clock)
        found = replace(found, clock_offset=offset)
        self.capabilities = found
        self._serve_where_accepted(found)
        failure = found.failure()
        self.refused = str(failure) if failure is not None else ""
        self.recorder.tell(Changed("capabilities"))
        if failure is not None:
            from workbench.readers.lockout import explained, locked_out

            raise explained(
                failure, await locked_out(self.api, found, self.recorder.state, self.recorder.stored)
            )
        if not self.recorder.state.name and not self.recorder.read_only:
            name = account_name(found)
            # Two incidents of one day must not share entries: the later would write over live secrets.
            service = incident_service(f"{name} {self.recorder.incident[-4:]}", self.clock.now())
            body = {"name": name, "vault_service": service}
            if host_behind(self.clock):
                # It was opened before anybody said what time it is.
                body["opened_at"] = iso(self.clock.now())
            await self.recorder.record("incident.named", body)
        limits = KeyLimits(words=tuple(found.words()))
        if limits.words != self.recorder.state.known(KeyLimits).words:
            await self.recorder.learn(limits)
            self.recorder.tell(Changed("log"))
        return found

    def _serve_where_accepted(self, found: Capabilities) -> None:
        """Go on in the regions that accept the key; one that refuses it is named, unless something of ours is there."""
        known = {item.place.region for item in self.inventory.domains.values()}
        known |= {
            record.effect.place.region for record in self.recorder.state.of_kind(EffectKind.LOGIN_RESET)
        }
        away = [region for region in found.elsewhere if region not in known]
        if not away:
            return
        endpoints = self._options.endpoints
        self.api.serve(endpoints.only(region for region in endpoints.regions if region not in away))
        for region in away:
            name = region.upper()
            place = Place(region)
            reason = (
                "this key is refused there (401) and accepted elsewhere: the account may not be served there. If "
                f"it has no domain in {name}, say so: start with MAILGUN_BASE_URL of the other region, or attest step 2"
            )
            # Whether anything is there cannot be told from here: not read is not cut.
            self.inventory.gaps[f"domains {place}"] = Gap("domains", place, reason)

    async def notice(self, began: datetime) -> list[changes.SettingChange]:
        """Journal an alarm for whatever appeared or changed that nothing of ours explains; returns the new ones.

        ``began`` is when the reading began that shows it. Read-only it journals nothing, and says nothing new.
        """
        from workbench.readers import change_watcher as watcher

        if self.recorder.read_only:
            return []
        appeared = await watcher.compare(self.inventory, self.recorder.ledger, began)
        if appeared:
            self.recorder.tell(Changed("alarms"))
        return appeared

    async def read_inventory(self) -> None:
        """Read the whole inventory, filling it live; raises what the very first call raises."""
        began = self.clock.now()
        self._note_settling()
        reader = InventoryReader(
            self.api, self.inventory, self.clock, lambda name: self.recorder.tell(Changed(name))
        )
        # Beside the calls: whoever is judged by a name next must not wait for the lists of names.
        lists = asyncio.ensure_future(asyncio.to_thread(registered_names.warm))
        try:
            await reader.everything()
        finally:
            await lists
        self.refused = ""
        self._compare_readings()
        self.recorder.tell(Changed("runbook"))
        await self.notice(began)
        await self.note_containment()

    async def note_containment(self) -> None:
        """Journal once that access is cut, or no longer is, whoever sees it first: a kill may have lost that row."""
        state = self.recorder.state
        async with self._noting:
            if self.recorder.read_only or not state.last_cut_at:
                return
            if (hands := outside_hands.news(self.situation())) is not None:
                await self.recorder.learn(hands)
            found = containment(self.situation())
            if found.contained and not state.contained_at:
                again = any(event.contained for event in state.containment)
                await self.recorder.record("contained.again" if again else "contained", {})
            elif state.contained_at and found.known_open:
                through = [way.words for way in found.known_open][:20]
                await self.recorder.record("contained.no_longer", {"through": through})

    def _gap(self, name: str, error: ApiError) -> None:
        self.inventory.gaps[name] = Gap(name, None, error.what)

    def _compare_readings(self) -> None:
        """Hold the readings against each other: a list that others contradict is a gap, until they agree."""
        gaps = self.inventory.gaps
        for name in [name for name in gaps if name.startswith(contradictions.MARK)]:
            del gaps[name]
        gaps.update(contradictions.contradicted(self.inventory, self.recorder.state, self.metering.volume))

    def could_not_read(self, error: ApiError) -> None:
        """Note that nothing of the account can be read now, so that nothing is judged by its silence."""
        for name in ("keys", "users", "domains", "logins", "subaccounts"):
            self.inventory.gaps.setdefault(name, Gap(name, None, error.what))

    async def read_rate(self, *, whole: bool = False) -> None:
        """Read the account's sending figures; raises ApiError when no region answers."""
        cut = self.recorder.state.access_cut_at
        try:
            volume = await self.metering.read(whole=whole, cut=as_moment(cut))
        except ApiError as error:
            self._gap(FIGURES, error)
            raise
        self.inventory.gaps.pop(FIGURES, None)
        self._compare_readings()
        told = sending(volume, self.recorder.state, self.clock.now())
        self.rate = SendingRate(volume.excess_now, self.metering.recent, told.text, volume.as_of)
        self.recorder.tell(Changed("rate"))

    async def read_use(self, *, calls: int = 10) -> None:
        """Read which credential sends what right now, for the order of the cut; journaled as a fact."""
        from workbench.readers.credential_use import read_use

        volume = self.metering.volume
        began = volume.began if volume is not None else None
        regions = self.api.endpoints.regions
        # The log's last hour is an hour of the account's clock.
        now = self.clock.now() + timedelta(seconds=self.api.clock_offset or 0.0)
        since = self.recorder.state.last_seq
        try:
            use = await read_use(self.api, regions, now, began=began, calls=calls)
        except ApiError as error:
            self._gap(SENDERS, error)
            raise
        self.inventory.gaps.pop(SENDERS, None)
        if self.recorder.state.takes_over(found := use.fact(since)):
            await self.recorder.learn(found)
        self._compare_readings()

    @property
    def blocklists(self) -> BlocklistWatch:
        """Return the watch over the account's listings (made on first use)."""
        if self._blocklists is None:
            from workbench.session.blocklist_watch import BlocklistWatch

            options = self._options
            self._blocklists = BlocklistWatch(
                self,
                self.recorder.tell,
                options.home.config_file,
                self.vault,
                resolver=options.resolver,
                listings=self.listings,
            )
        return self._blocklists

    async def check_blocklists(self) -> None:
        """Look the account's addresses and domains up; verdicts arrive one by one in ``listings``."""
        await self.blocklists.check()
        await self.blocklists.read_aftermath()

    async def watch_blocklists(self) -> None:
        """Ask the lists about what is due by their terms; nothing where the days of the watch are over."""
        await self.blocklists.follow()

    async def preserve(self) -> None:
        """Store snapshot 0a: what the first cut would destroy. Raises VaultError, JournalError, ApiError."""
        if not self._options.vault.keeps:
            await self._options.vault.probe()  # says that there is none, and what to do
        if "keys" not in self.inventory.read_at:
            await self.read_inventory()
        content = snapshots.document(self.inventory, self.recorder.incident, "0a", self.clock)
        sealer = await self._options.vault.sealer("evidence")
        body = await snapshots.preserve(content, "0a", self.recorder.folder / "evidence", sealer)
        if not self.recorder.state.baseline:
            body["baseline"] = changes.baseline(self.inventory).body()
        await self.recorder.record("snapshot.stored", body)
        if (first := measures.first_fact(self.situation())) is not None:
            await self.recorder.learn(first)
        # The first cut destroys dates; the timeline goes on naming what they belonged to.
        if (dates := timeline.keep(self.situation())) is not None:
            await self.recorder.learn(dates)
        self.recorder.tell(Changed("runbook"))

    @property
    def investigation(self) -> Investigation:
        """Return the readings of settings and log: sweep, assessment, snapshot 0b (made on first use)."""
        if self._investigation is None:
            from workbench.session.investigation import Investigation

            self._investigation = Investigation(self)
        return self._investigation

    async def preserve_rest(self) -> None:
        """Store snapshot 0b below the writes: every setting and the log. Raises VaultError, JournalError."""
        await self.investigation.preserve_rest()
        self.recorder.tell(Changed("runbook"))

    async def watch(self, *, whole: bool = False) -> list[changes.SettingChange]:
        """Read a share of the account again (or all) and raise an alarm for whatever nothing of ours explains.

        What was read too long ago to say anything of now (this host slept) is not waited for: then all is read.
        """
        from workbench.readers import change_watcher

        began = self.clock.now()
        self._note_settling()
        if self._watcher is None:
            self._watcher = change_watcher.Watcher(self.api, self.inventory, self.clock, self._slice_changed)
        if whole or "logins" not in self.inventory.read_at or self._watcher.is_behind:
            await self.read_inventory()
        else:
            try:
                await self._watcher.cycle()
            except NotAuthorised:
                # Somebody shut us out: connecting asks why, and says it with the way back in.
                await self.connect()
                raise
            self._compare_readings()
        if self._watcher.use_is_due(self.recorder.state.known(CredentialUses)):
            await self._watcher.use(self.read_use)
        appeared = await self.notice(began)
        await self.note_containment()
        return appeared

    def _slice_changed(self, name: str) -> None:
        self.recorder.tell(Changed(name))

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────

    def _note_settling(self) -> None:
        """Tell the inventory which keys are so new that a list may lag behind them."""
        since = iso(self.clock.now() - LAG)
        made = self.recorder.state.created_keys.items()
        self.inventory.settling = frozenset(key for key, record in made if record.done_at >= since)

    def _waits(self, where: str, seconds: float) -> None:
        until = self.clock.now() + timedelta(seconds=seconds)
        self.recorder.tell(
            Waiting(
                f"Mailgun asks for fewer calls: {where} waits {seconds:.0f} s, until {until:%H:%M:%S}Z. "
                "It can be stopped at any time; what was done is journaled."
            )
        )

    def _called(self, seen: CallSeen) -> None:
        self._calls.noted(self.clock.monotonic())
        if not seen.status or seen.clock_offset is None:
            return  # Nobody said what time it is.
        if isinstance(self.clock, ShiftedClock) and self.clock.follow(seen.clock_offset):
            # A drill's account lives in a time of its own, where an hour may pass in a second.
            self.api.clocks_agree()

"""A checkout built for measuring the search for leaks: the same bytes on every machine, secrets planted.

Source-like text in the sizes of a web project, a linear history with merges, secrets in the tree and secrets
that were added and removed again. Every secret is assembled at run time, so that no scanner trips over this
file.
"""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_WORDS = (  # noqa: SIM905 -- a word list reads better as words
    "account queue message route domain handler request response template service provider config value key name "
    "event listener model query builder factory schema column index cache store session token user mailer driver "
    "transport attachment header subject recipient sender address policy event delay retry limit page cursor"
).split(" ")
_SHAPES = (
    "    public function {a}{B}(${c}, array ${d} = [])\n    {{\n"
    "        return $this->{b}->{c}('{d}', ${a});\n    }}\n\n",
    '        if ({a}_{b} is None or {c}.{d}({n})):\n            raise {B}Error(f"{a} {{{b}}} of {c}")\n',
    "  const {a}{B} = await {c}.{d}({{ {a}: {n}, {b}: '{c}-{d}' }});\n",
    "# {a} {b} {c} the {d} when {a} is {b}\n",
    '    {a}_{b}: {n}\n    {c}.{d}: "{h}"\n',
    '      <td class="{a}-{b}">{{{{ {c}.{d} }}}}</td>\n',
)
_FOLDERS = ("src", "app", "lib", "tests", "docs", "resources", "public", "config")
_SUFFIXES = (".php", ".py", ".js", ".md", ".yml", ".html", ".json", ".ts")


@dataclass
class Checkout:
    """What was built: where, how much, and the planted secrets by where they lie."""

    path: Path
    files: int = 0
    commits: int = 0
    tree_bytes: int = 0
    in_tree: set[str] = field(default_factory=set)
    only_history: set[str] = field(default_factory=set)


class _Text:
    """Source-like text from a seeded generator."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._lines = [self._line() for _ in range(6000)]

    def hex(self, size: int) -> str:
        """Return so many lower-case hex digits."""
        return f"{self.random.getrandbits(4 * size):0{size}x}"

    def _line(self) -> str:
        pick = self.random.choice
        a, b, c, d = (pick(_WORDS) for _ in range(4))
        shape = pick(_SHAPES)
        return shape.format(a=a, b=b, c=c, d=d, B=b.title(), n=self.random.randrange(10**5), h=self.hex(12))

    def body(self, size: int) -> bytes:
        """Return about ``size`` bytes of text."""
        parts: list[str] = []
        length = 0
        while length < size:
            line = self.random.choice(self._lines)
            parts.append(line)
            length += len(line)
        return "".join(parts).encode()

    def secret(self, index: int) -> tuple[str, bytes]:
        """Return a value and a line that holds it, the placements taking turns."""
        value = f"{self.hex(32)}-{self.hex(8)}-{self.hex(8)}" if index % 3 else "key" + f"-{self.hex(32)}"
        lines = (
            f"MAILGUN_SECRET={value}\n",
            f"    'mailgun' => ['secret' => '{value}'],\n",
            f"curl -s --user 'api:{value}' https://api.mailgun.net/v3/x/messages\n",
            f"mailgun_api_key: {value}\n",
            f"MAILER_DSN=mailgun+api://{value}:mg.example.com@default\n",
        )
        return value, lines[index % len(lines)].encode()


def build(
    path: Path, *, files: int = 5500, commits: int = 5000, mean: int = 13_400, seed: int = 6
) -> Checkout:
    """Build the checkout at ``path`` (which must not exist) and return what it holds."""
    checkout = Checkout(path, files=files, commits=commits)
    subprocess.run(["git", "init", "-q", "-b", "main", str(path)], check=True)
    with subprocess.Popen(
        ["git", "-C", str(path), "fast-import", "--quiet"], stdin=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        for piece in _stream(checkout, files, commits, mean, seed):
            process.stdin.write(piece)
        process.stdin.close()
    assert process.returncode == 0
    subprocess.run(["git", "-C", str(path), "reset", "-q", "--hard", "main"], check=True)
    checkout.tree_bytes = sum(
        p.stat().st_size for p in path.rglob("*") if p.is_file() and ".git" not in p.parts
    )
    return checkout


def _stream(checkout: Checkout, files: int, commits: int, mean: int, seed: int) -> Iterator[bytes]:
    text = _Text(seed)
    rng = text.random
    bodies: dict[str, bytes] = {}
    planted = 0
    for index in range(files):
        name = (
            f"{rng.choice(_FOLDERS)}/{rng.choice(_WORDS)}/{rng.choice(_WORDS)}{index}{rng.choice(_SUFFIXES)}"
        )
        bodies[name] = text.body(int(rng.lognormvariate(0, 0.9) * mean * 0.66) + 200)
    names = sorted(bodies)
    for name in names[:: max(1, files // 20)]:
        value, line = text.secret(planted)
        planted += 1
        bodies[name] += line
        checkout.in_tree.add(value)
    yield _commit(1, [(name, bodies[name]) for name in names])
    passing: list[tuple[int, str, str]] = []
    for number in range(2, commits + 1):
        changed: dict[str, bytes] = {}
        for name in rng.sample(names, 3):
            body = bodies[name]
            at = body.find(b"\n", rng.randrange(len(body))) + 1
            changed[name] = bodies[name] = body[:at] + text.body(60) + body[at:]
        if number % (commits // 12) == 5:
            value, line = text.secret(planted)
            planted += 1
            name = f"config/old{planted}.env"
            changed[name] = text.body(400) + line
            passing.append((number + 3, name, value))
            checkout.only_history.add(value)
        gone = [name for due, name, _ in passing if due == number]
        yield _commit(number, sorted(changed.items()), gone)


def _commit(number: int, changed: list[tuple[str, bytes]], gone: list[str] | None = None) -> bytes:
    message = f"Change {number}\n".encode()
    out = [
        b"commit refs/heads/main\n",
        b"author Ann <ann@example.com> %d +0000\n" % (1_500_000_000 + number * 3600),
        b"committer Ann <ann@example.com> %d +0000\n" % (1_500_000_000 + number * 3600),
        b"data %d\n" % len(message) + message,
    ]
    for name, body in changed:
        out.append(b"M 100644 inline %s\ndata %d\n" % (name.encode(), len(body)) + body + b"\n")
    out += [b"D %s\n" % name.encode() for name in gone or []]
    return b"".join(out)

"""The files of the customer's web site as they lie on the server: where the secret got out, what is harmless.

A WordPress shop with a Laravel-style ``.env`` beside it. What is exposed follows the story: where a key or
a login leaked from the site it stands in ``.env`` and in the places that repeat it (phpinfo, a debug log, a
backup of the configuration); where nothing leaked there, the site is clean. Look-alikes stand in both.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from workbench.drill.world.story import Story, hexes

# Kinds of leak in which the secret stood in a file of the site.
FROM_THE_SITE = frozenset({"key", "login"})
# CVE-2026-78003: up to 2.2.0 anyone can make the site send authenticated calls (leak dossier, 0 and 4.2).
VULNERABLE_PLUGIN, FIXED_PLUGIN = "2.2.0", "2.2.1"
WORDPRESS = "6.8.2"


@dataclass(frozen=True)
class SitePlant:
    """A place that holds a secret of the drill: ``ref`` is the key's id or the login, never the secret.

    ``kind`` is file, url, history or unreachable; ``where`` a path below the root, a URL path, or a commit.
    ``taken`` is true for the one place the story's intruder read.
    """

    kind: str
    where: str
    ref: str
    taken: bool = False


@dataclass(frozen=True)
class Secrets:
    """The secrets that the site's and the repository's files repeat; "" where the story has none."""

    key: str
    key_id: str
    login: str
    password: str
    spare: str
    spare_id: str

    @property
    def any(self) -> bool:
        """Return whether anything of the site leaked."""
        return bool(self.key or self.password)


def leaked_secrets(story: Story) -> Secrets:
    """Return what stands in the files: the stolen key and login, and one sending key that was not taken."""
    if story.leak.kind not in FROM_THE_SITE:
        return Secrets("", "", "", "", "", "")
    key, login = story.stolen_key, story.stolen_login
    spare = next(
        (k for k in story.keys if k.owner == "production" and k.kind == "domain" and not k.stolen), None
    )
    return Secrets(
        key.secret if key else "",
        key.id if key else "",
        login.login if login else "",
        login.password if login else "",
        spare.secret if spare else "",
        spare.id if spare else "",
    )


def site_files(story: Story) -> dict[str, bytes]:
    """Return the site's files, path below the web root → content; the same story gives the same bytes."""
    secrets = leaked_secrets(story)
    vulnerable = story.leak.kind in FROM_THE_SITE | {"site"}
    files: dict[str, str] = {
        "index.php": "<?php\ndefine('WP_USE_THEMES', true);\nrequire __DIR__ . '/wp-blog-header.php';\n",
        "wp-login.php": "<?php\nrequire __DIR__ . '/wp-load.php';\n",
        "wp-config.php": _wp_config(story, "getenv('MAILGUN_SECRET')"),
        "wp-includes/version.php": f"<?php\n$wp_version = '{WORDPRESS}';\n$wp_db_version = 60421;\n",
        "readme.html": "<!DOCTYPE html><html><head><title>WordPress &rsaquo; ReadMe</title></head></html>\n",
        "robots.txt": "User-agent: *\nDisallow: /wp-admin/\n",
        ".env.example": _env_example(),
        "wp-content/themes/shop/style.css": "/*\nTheme Name: Shop\nVersion: 1.4\n*/\nbody{margin:0}\n",
        "wp-content/themes/shop/app.js": _bundle(story),
        "package-lock.json": _lock_file(story),
    }
    files.update(_plugin("mailgun", "Mailgun", VULNERABLE_PLUGIN if vulnerable else FIXED_PLUGIN))
    files.update(_plugin("gravitysmtp", "Gravity SMTP", "2.1.5"))
    files.update(_plugin("easy-wp-smtp", "Easy WP SMTP", "2.3.1"))
    if secrets.any:
        files[".env"] = _env(story, secrets)
        files["phpinfo.php"] = "<?php phpinfo();\n"
    if secrets.key:
        files["wp-config.php.bak"] = _wp_config(story, f"'{secrets.key}'")
        files["wp-content/debug.log"] = _debug_log(story, secrets)
    if secrets.spare:
        files["wp-content/uploads/dump.sql"] = _dump(story, secrets)
    return {path: text.encode() for path, text in sorted(files.items())}


def site_exposures(story: Story) -> tuple[SitePlant, ...]:
    """Return every place of the site that holds a secret; of these only ``/.env`` was taken."""
    secrets = leaked_secrets(story)
    if not secrets.any:
        return ()
    places: list[SitePlant] = []
    for ref in (secrets.key_id, secrets.login):
        if ref:
            places.append(SitePlant("url", "/.env", ref, taken=True))
            places.append(SitePlant("url", "/phpinfo.php", ref))
    if secrets.key:
        places.append(SitePlant("url", "/wp-config.php.bak", secrets.key_id))
        places.append(SitePlant("url", "/wp-content/debug.log", secrets.key_id))
    if secrets.spare:
        places.append(SitePlant("url", "/wp-content/uploads/dump.sql", secrets.spare_id))
    return tuple(places)


def write_site(story: Story, root: Path) -> None:
    """Write the site below ``root`` with modification times that fit the story."""
    for path, content in site_files(story).items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        moment = deployed_at(story).timestamp()
        os.utime(target, (moment, moment))


def deployed_at(story: Story) -> datetime:
    """Return when the site's files were put on the server: before the theft, after the secrets were made."""
    made = [thing.created for thing in (story.stolen_key, story.stolen_login) if thing is not None]
    return max([story.leak.taken_at - timedelta(days=41, hours=5), *(at + timedelta(hours=1) for at in made)])


def _domain(story: Story) -> str:
    login = story.stolen_login
    if login is not None:
        return login.domain
    return story.home.name if story.home else f"mg.{story.company_domain}"


def _password(story: Story, label: str) -> str:
    """Return a password that opens nothing of the drill's account: a database's, a salt."""
    return hexes(story.rng(f"site {label}"), 20)


def _env(story: Story, secrets: Secrets) -> str:
    app_key = base64.b64encode(story.rng("app key").randbytes(32)).decode()
    lines = [
        f'APP_NAME="{story.company}"',
        "APP_ENV=production",
        f"APP_KEY=base64:{app_key}",
        "APP_DEBUG=false",
        f"APP_URL=https://{story.site_host}",
        "",
        "DB_CONNECTION=mysql",
        "DB_HOST=127.0.0.1",
        f"DB_DATABASE={story.slug}_shop",
        f"DB_USERNAME={story.slug}",
        f"DB_PASSWORD={_password(story, 'database')}",
        "",
        f"MAIL_MAILER={'mailgun' if secrets.key else 'smtp'}",
        f"MAIL_FROM_ADDRESS=hello@{_domain(story)}",
    ]
    if secrets.key:
        lines += [
            f"MAILGUN_DOMAIN={_domain(story)}",
            f"MAILGUN_SECRET={secrets.key}",
            "MAILGUN_ENDPOINT=api.mailgun.net",
        ]
    if secrets.password:
        lines += [
            "MAIL_HOST=smtp.mailgun.org",
            "MAIL_PORT=587",
            f"MAIL_USERNAME={secrets.login}",
            f"MAIL_PASSWORD={secrets.password}",
            "MAIL_ENCRYPTION=tls",
        ]
    return "\n".join([*lines, "", f"SESSION_SALT={_password(story, 'salt')}", ""])


def _env_example() -> str:
    return (
        "APP_NAME=Shop\nAPP_KEY=\nAPP_DEBUG=true\n\nMAIL_MAILER=mailgun\nMAILGUN_DOMAIN=mg.example.com\n"
        "MAILGUN_SECRET=key-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\nMAIL_USERNAME=null\nMAIL_PASSWORD=null\n"
    )


def _wp_config(story: Story, key: str) -> str:
    return f"""<?php
define('DB_NAME', '{story.slug}_shop');
define('DB_USER', '{story.slug}');
define('DB_PASSWORD', '{_password(story, "database")}');
define('DB_HOST', '127.0.0.1');
define('LOGGED_IN_KEY', '{_password(story, "logged in key")}');
define('LOGGED_IN_SALT', '{_password(story, "logged in salt")}');
define('MAILGUN_REGION', 'us');
define('MAILGUN_DOMAIN', '{_domain(story)}');
define('MAILGUN_APIKEY', {key});
$table_prefix = 'wp_';
require_once __DIR__ . '/wp-settings.php';
"""


def _debug_log(story: Story, secrets: Secrets) -> str:
    basic = base64.b64encode(f"api:{secrets.key}".encode()).decode()
    at = (deployed_at(story) + timedelta(days=2)).strftime("%d-%b-%Y %H:%M:%S UTC")
    return (
        f"[{at}] PHP Notice:  Undefined index: region in wp-content/plugins/mailgun/mailgun.php on line 88\n"
        f"[{at}] PHP Warning:  mailgun: POST /v3/{quote(_domain(story))}/messages failed, "
        f"request headers: Authorization: Basic {basic}\n"
        f"[{at}] PHP Notice:  cache key-{hashlib.md5(b'front', usedforsecurity=False).hexdigest()} rebuilt\n"
    )


def _dump(story: Story, secrets: Secrets) -> str:
    options: Mapping[str, str] = {
        "useAPI": "1",
        "region": "us",
        "domain": _domain(story),
        "apiKey": secrets.spare,
        "from-address": f"shop@{_domain(story)}",
    }
    inner = "".join(f's:{len(k)}:"{k}";s:{len(v)}:"{v}";' for k, v in options.items())
    value = f"a:{len(options)}:{{{inner}}}"
    return (
        f"-- MySQL dump 10.19  Database: {story.slug}_shop\n"
        "DROP TABLE IF EXISTS `wp_options`;\n"
        "CREATE TABLE `wp_options` (`option_id` bigint, `option_name` varchar(191),\n"
        "  `option_value` longtext);\n"
        f"INSERT INTO `wp_options` VALUES (1,'siteurl','https://{story.site_host}'),\n"
        f"(2,'mailgun','{value}'),(3,'active_plugins','a:1:{{i:0;s:19:\"mailgun/mailgun.php\";}}');\n"
    )


def _bundle(story: Story) -> str:
    rng = story.rng("bundle")
    # Three UUIDs in a row and a content hash: shapes that a careless pattern takes for a key.
    uuids = [
        f"{hexes(rng, 8)}-{hexes(rng, 4)}-4{hexes(rng, 3)}-a{hexes(rng, 3)}-{hexes(rng, 12)}" for _ in "abc"
    ]
    return f'(()=>{{const ids={uuids!r};window.build="{hexes(rng, 64)}";fetch("/api/contact")}})();\n'


def _lock_file(story: Story) -> str:
    rng = story.rng("lock")
    rows = ",\n".join(
        f'    "node_modules/lib-{n}": {{"version": "1.{n}.0", "integrity": "sha512-'
        f'{base64.b64encode(rng.randbytes(64)).decode()}"}}'
        for n in range(20)
    )
    return f'{{\n  "name": "shop",\n  "lockfileVersion": 3,\n  "packages": {{\n{rows}\n  }}\n}}\n'


def _plugin(slug: str, title: str, version: str) -> dict[str, str]:
    base = f"wp-content/plugins/{slug}"
    return {
        f"{base}/{slug}.php": f"<?php\n/**\n * Plugin Name: {title}\n * Version: {version}\n */\n",
        f"{base}/readme.txt": f"=== {title} ===\nRequires at least: 5.6\nStable tag: {version}\n",
    }

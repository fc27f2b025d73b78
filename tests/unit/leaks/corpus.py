"""The labelled corpus: secrets in every placement and encoding, and look-alikes that must stay quiet.

Everything is drawn from a seeded generator and assembled at run time, so that neither this file nor the
project trips a scanner. Placements are those of the dossier's table 1.3 and sections 2.1 to 2.3.
"""

# ruff: noqa: E501, S608 -- sample files are easier to judge on one line; no database is near
from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

HEX = "0123456789abcdef"
BASE36 = HEX + "ghijklmnopqrstuvwxyz"
PREFIX = "key" + "-"


@dataclass(frozen=True, slots=True)
class Sample:
    """One file of the corpus: its bytes, and the value in it ("" for a look-alike)."""

    label: str
    data: bytes
    value: str


class Draw:
    """Draws values of each shape."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def text(self, alphabet: str, size: int) -> str:
        """Return so many characters of an alphabet."""
        return "".join(self.random.choice(alphabet) for _ in range(size))

    def hex(self, size: int) -> str:
        """Return so many hex digits."""
        return self.text(HEX, size)

    def current(self) -> str:
        """Return a value of the current form, 32-8-8."""
        return f"{self.hex(32)}-{self.hex(8)}-{self.hex(8)}"

    def legacy(self) -> str:
        """Return a legacy key of hex digits."""
        return PREFIX + self.hex(32)

    def legacy36(self) -> str:
        """Return a legacy key of base-36 characters, with the digits such a draw has in all likelihood."""
        while True:
            value = PREFIX + self.text(BASE36, 32)
            if sum(char.isdigit() for char in value) >= 3:
                return value

    def public(self) -> str:
        """Return a public validation key."""
        return "pub" + self.legacy()

    def old_password(self) -> str:
        """Return an SMTP password of the old generated form: 12 base-36 characters, letters and digits."""
        while True:
            value = self.text(BASE36, 12)
            if any(char.isdigit() for char in value) and any(char.isalpha() for char in value):
                return value

    def own_password(self) -> str:
        """Return a password such as a person or a password manager makes."""
        body = self.text(BASE36 + BASE36.upper() + "!%*+", self.random.randrange(10, 24))
        return f"{self.random.choice('ABCDEFGH')}{body}{self.random.randrange(10, 99)}"


def b64(text: str) -> str:
    """Return base64 of ASCII text."""
    return base64.b64encode(text.encode()).decode()


LOGIN = "postmaster@mg.example.com"
KEYS: dict[str, Callable[[str], str]] = {
    "env MAILGUN_SECRET": lambda k: (
        f"APP_NAME=shop\nMAILGUN_DOMAIN=mg.example.com\nMAILGUN_SECRET={k}\nAPP_ENV=prod\n"
    ),
    "env MAILGUN_API_KEY quoted": lambda k: f'export MAILGUN_API_KEY="{k}"\n',
    "env MG_API_KEY alone": lambda k: f"MG_API_KEY={k}\n",
    "env ANYMAIL": lambda k: f"ANYMAIL_MAILGUN_API_KEY={k}\n",
    "dsn": lambda k: f"MAILER_DSN=mailgun+api://{k}:mg.example.com@default?region=eu\n",
    "dsn https": lambda k: f"MAILER_DSN='mailgun+https://{k}:mg.example.com@default'\n",
    "dsn plain": lambda k: f'MAILER_DSN="mailgun://{k}:mg.example.com@default"\n',
    "curl user": lambda k: (
        f"curl -s --user 'api:{k}' \\\n  https://api.mailgun.net/v3/mg.example.com/messages -F to=a@b.c\n"
    ),
    "curl u": lambda k: f'curl -u "api:{k}" https://api.eu.mailgun.net/v3/domains\n',
    "url userinfo": lambda k: f"[remote]\n\turl = https://api:{k}@api.mailgun.net/v3/mg.example.com\n",
    "wp-config": lambda k: f"<?php\ndefine( 'MAILGUN_APIKEY', '{k}' );\ndefine('DB_NAME', 'wp');\n",
    "wp-config wpms": lambda k: f"define('WPMS_MAILGUN_API_KEY', '{k}');\n",
    "wp option": lambda k: (
        'INSERT INTO `wp_options` VALUES (4711,\'mailgun\',\'a:9:{s:6:\\"region\\";s:2:\\"us\\";s:6:\\"useAPI\\";s:1:\\"1\\";'
        f's:6:\\"apiKey\\";s:{len(k)}:\\"{k}\\";s:6:\\"domain\\";s:14:\\"mg.example.com\\";}}\',\'yes\');\n'
    ),
    "wp option plain quotes": lambda k: f'a:2:{{s:6:"domain";s:4:"mg.x";s:6:"apiKey";s:{len(k)}:"{k}";}}',
    "wp mail smtp": lambda k: f'wp_mail_smtp a:1:{{s:7:"mailgun";a:1:{{s:7:"api_key";s:{len(k)}:"{k}";}}}}',
    "php array": lambda k: (
        f"return [\n    'mailgun' => [\n        'domain' => 'mg.x.y',\n        'secret' => '{k}',\n    ],\n];\n"
    ),
    "js client": lambda k: f"const mg = mailgun.client({{ username: 'api', key: '{k}' }});\n",
    "minified js": lambda k: f'var a=function(){{return b("mailgun",{{apiKey:"{k}",domain:"mg.x.y"}})}};',
    "node transport": lambda k: (
        f"const auth = {{ auth: {{ api_key: '{k}', domain: 'mg.x.y' }} }} // mailgun-transport\n"
    ),
    "python settings": lambda k: (
        f'ANYMAIL = {{\n    "MAILGUN_API_KEY": "{k}",\n    "MAILGUN_SENDER_DOMAIN": "mg.x.y",\n}}\n'
    ),
    "rails": lambda k: (
        f"config.action_mailer.mailgun_settings = {{\n  api_key: '{k}',\n  domain: 'mg.x.y',\n}}\n"
    ),
    "ruby client": lambda k: f"mg_client = Mailgun::Client.new '{k}'\n",
    "yaml": lambda k: f"mailgun:\n  api_key: {k}\n  domain: mg.example.com\n",
    "json": lambda k: json.dumps({"mailgun": {"apiKey": k, "domain": "mg.x.y"}}, indent=2),
    "kubernetes": lambda k: (
        f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: mailgun\ndata:\n  api-key: {b64(k)}\n"
    ),
    "basic header": lambda k: (
        f"> GET /v3/domains HTTP/1.1\n> Host: api.mailgun.net\n> Authorization: Basic {b64('api:' + k)}\n"
    ),
    "har file": lambda k: json.dumps(
        {"headers": [{"name": "Authorization", "value": f"Basic {b64('api:' + k)}"}]}
    ),
    "post smtp option": lambda k: (
        f'postman_options a:1:{{s:15:"mailgun_api_key";s:{len(b64(k))}:"{b64(k)}";}}'
    ),
    "dockerfile": lambda k: f"FROM php:8\nENV MAILGUN_SECRET {k}\nRUN true\n",
    "docker compose": lambda k: f"services:\n  web:\n    environment:\n      - MAILGUN_SECRET={k}\n",
    "phpinfo": lambda k: f'<tr><td class="e">MAILGUN_SECRET </td><td class="v">{k} </td></tr>\n',
    "debug page": lambda k: (
        f'<tr><td>MAILGUN_SECRET</td><td><pre class="sf-dump">"<span class=sf-dump-str title="50">{k}</span>"</pre></td></tr>'
    ),
    "ghost sql": lambda k: f"INSERT INTO settings VALUES ('5f','mailgun_api_key','{k}','string');\n",
    "shell history": lambda k: f"cd /srv\nMAILGUN_API_KEY={k} php artisan mail:test\nls\n",
    "url escaped log": lambda k: f'"GET /setup?service=mailgun&api_key%3D{quote(k)}%26x HTTP/1.1"\n',
    "json in json": lambda k: json.dumps({"body": json.dumps({"mailgun_key": k})}),
    "newline in json": lambda k: json.dumps({"env": f"A=1\nMAILGUN_SECRET={k}\nB=2"}),
    "env in base64": lambda k: f"secret: {b64(f'APP=1{chr(10)}MAILGUN_SECRET={k}{chr(10)}')}\n",
}
# Placements in which the current form alone is enough.
CURRENT_ONLY: dict[str, Callable[[str], str]] = {
    "bare": lambda k: f"{k}\n",
    "bare in text": lambda k: f"the new one is {k}, please use it\n",
    "mail password": lambda k: f"MAIL_HOST=smtp.mailgun.org\nMAIL_USERNAME={LOGIN}\nMAIL_PASSWORD={k}\n",
}
PASSWORDS: dict[str, Callable[[str], str]] = {
    "laravel env": lambda p: (
        f"MAIL_MAILER=smtp\nMAIL_HOST=smtp.mailgun.org\nMAIL_PORT=587\nMAIL_USERNAME={LOGIN}\nMAIL_PASSWORD={p}\n"
    ),
    "laravel env quoted": lambda p: (
        f'MAIL_HOST=smtp.eu.mailgun.org\nMAIL_USERNAME="{LOGIN}"\nMAIL_PASSWORD="{p}"\n'
    ),
    "smtp url": lambda p: (
        f"MAIL_URL=smtp://{quote(LOGIN, safe='')}:{quote(p, safe='')}@smtp.mailgun.org:587\n"
    ),
    "symfony smtp dsn": lambda p: (
        f"MAILER_DSN=mailgun+smtp://{quote(LOGIN, safe='')}:{quote(p, safe='')}@default\n"
    ),
    "wp constant": lambda p: f"define('MAILGUN_USERNAME', '{LOGIN}');\ndefine('MAILGUN_PASSWORD', '{p}');\n",
    "ghost json": lambda p: json.dumps(
        {
            "mail": {
                "transport": "SMTP",
                "options": {"service": "Mailgun", "auth": {"user": LOGIN, "pass": p}},
            }
        },
        indent=2,
    ),
    "nodemailer": lambda p: (
        f"createTransport({{\n  host: 'smtp.mailgun.org',\n  auth: {{ user: '{LOGIN}', pass: '{p}' }},\n}})\n"
    ),
    "django": lambda p: (
        f'EMAIL_HOST = "smtp.mailgun.org"\nEMAIL_HOST_USER = "{LOGIN}"\nEMAIL_HOST_PASSWORD = "{p}"\n'
    ),
    "rails smtp": lambda p: (
        f"config.action_mailer.smtp_settings = {{\n  address: 'smtp.mailgun.org',\n  user_name: '{LOGIN}',\n  password: '{p}',\n}}\n"
    ),
    "yaml": lambda p: f"smtp:\n  host: smtp.mailgun.org\n  user: {LOGIN}\n  password: '{p}'\n",
    "discourse": lambda p: (
        f'  DISCOURSE_SMTP_ADDRESS: smtp.mailgun.org\n  DISCOURSE_SMTP_USER_NAME: {LOGIN}\n  DISCOURSE_SMTP_PASSWORD: "{p}"\n'
    ),
    "postfix map": lambda p: f"[smtp.mailgun.org]:587 {LOGIN}:{p}\n",
    "postfix static": lambda p: (
        f"relayhost = [smtp.mailgun.org]:587\nsmtp_sasl_password_maps = static:{LOGIN}:{p}\n"
    ),
    "netrc": lambda p: f"machine smtp.mailgun.org login {LOGIN} password {p}\n",
    "auth plain": lambda p: (
        f"220 smtp.mailgun.org ESMTP\nAUTH PLAIN {b64(chr(0) + LOGIN + chr(0) + p)}\n235 ok\n"
    ),
    "auth login": lambda p: (
        f"smtp.mailgun.org\n334 VXNlcm5hbWU6\n{b64(LOGIN)}\n334 UGFzc3dvcmQ6\n{b64(p)}\n235 ok\n"
    ),
    "swaks": lambda p: f"swaks --server smtp.mailgun.org --auth-user {LOGIN} --auth-password '{p}'\n",
    "wp option": lambda p: f'mailgun a:2:{{s:8:"username";s:25:"{LOGIN}";s:8:"password";s:{len(p)}:"{p}";}}',
    "post smtp option": lambda p: (
        f'a:2:{{s:8:"hostname";s:16:"smtp.mailgun.org";s:19:"basic_auth_password";s:{len(b64(p))}:"{b64(p)}";}}'
    ),
    "phpinfo": lambda p: (
        f'<tr><td class="e">MAIL_HOST </td><td class="v">smtp.mailgun.org </td></tr>\n'
        f'<tr><td class="e">MAIL_PASSWORD </td><td class="v">{p} </td></tr>\n'
    ),
}


def wrappings() -> dict[str, Callable[[bytes], bytes]]:
    """Return what a file may be wrapped in: nothing, UTF-16, CRLF, binary, surrounded by much text."""
    noise = b"lorem ipsum dolor sit amet\n" * 400
    return {
        "plain": lambda data: data,
        "utf-16-le": lambda data: data.decode().encode("utf-16"),
        "utf-16-be": lambda data: b"\xfe\xff" + data.decode().encode("utf-16-be"),
        "crlf": lambda data: data.replace(b"\n", b"\r\n"),
        "in binary": lambda data: b"\x7fELF\x02\0\0\0\xff\xfe\x80" + data + b"\0\0\x90\x91",
        "in the middle": lambda data: noise + data + noise,
    }


def secrets(seed: int = 11) -> Iterator[Sample]:
    """Yield every placement with every shape it can hold, in every wrapping."""
    draw = Draw(seed)
    shapes = {"current": draw.current, "legacy": draw.legacy, "legacy36": draw.legacy36}
    for wrapping, wrap in wrappings().items():
        for label, place in KEYS.items():
            for shape, make in shapes.items():
                value = make()
                yield Sample(f"{label} / {shape} / {wrapping}", wrap(place(value).encode()), value)
        for label, place in CURRENT_ONLY.items():
            value = draw.current()
            yield Sample(f"{label} / {wrapping}", wrap(place(value).encode()), value)
        for label, place in PASSWORDS.items():
            for shape, make in (("old", draw.old_password), ("generated", draw.current)):
                value = make()
                yield Sample(f"{label} / {shape} / {wrapping}", wrap(place(value).encode()), value)
        for label in ("env MAILGUN_API_KEY quoted", "php array", "js client", "json"):
            value = draw.public()
            yield Sample(f"{label} / public / {wrapping}", wrap(KEYS[label](value).encode()), value)
        for shape, value in (("hex", draw.hex(32)), ("legacy", draw.legacy()), ("current", draw.current())):
            text = f"MAILGUN_WEBHOOK_SIGNING_KEY={value}\n"
            yield Sample(f"signing key / {shape} / {wrapping}", wrap(text.encode()), value)


def own_passwords(seed: int = 13, rounds: int = 6) -> Iterator[Sample]:
    """Yield the password placements with passwords people make; those a format cannot carry are left out."""
    draw = Draw(seed)
    for _ in range(rounds):
        for label, place in PASSWORDS.items():
            value = draw.own_password()
            yield Sample(f"{label} / own", place(value).encode(), value)


def look_alikes(seed: int = 12, rounds: int = 12) -> Iterator[Sample]:
    """Yield texts that look like secrets and are none."""
    draw = Draw(seed)
    for number in range(rounds):
        for label, text in _harmless(draw):
            yield Sample(f"{label} #{number}", text.encode(), "")


def _harmless(draw: Draw) -> Iterator[tuple[str, str]]:
    h, rng = draw.hex, draw.random
    ids = [str(uuid.UUID(int=rng.getrandbits(128), version=4)) for _ in range(3)]
    yield "uuid triple", f"trace: {'-'.join(ids)}\n"
    yield "uuids in a row", f"{ids[0]} {ids[1]} {ids[2]}\n"
    yield "uuid near mailgun", f"mailgun message {ids[0]} delivered\n"
    yield "md5", f"d41d8 {h(32)}  file.txt\n"
    yield "md5 near mailgun", f"mailgun.tar.gz md5: {h(32)}\n"
    yield "sha256", f"sha256:{h(64)}\n"
    yield "git commits", f"commit {h(40)}\nindex {h(7)}..{h(7)} 100644\n"
    yield "cache key", f"cache {PREFIX}{h(32)}\n"
    yield "cache key call", f"$cache->get('{PREFIX}{h(32)}');\n"
    yield "cache key redis", f'redis.set("{PREFIX}{h(32)}", value)\n'
    yield "react key", f"<li class='item' data-{PREFIX}{h(32)}>x</li>\n"
    yield "asset", f'<script src="/build/app.{h(32)}-{h(8)}-{h(8)}.js"></script>\n'
    yield "etag", f'ETag: "{h(32)}-{h(8)}-{h(8)}"\n'
    yield "hash chain", f"layer {h(32)}-{h(8)}-{h(8)}-{h(8)}\n"
    yield "longer hex", f"id={h(40)}-{h(8)}-{h(8)}\n"
    yield "cache file", f"var/cache/{h(32)}-{h(8)}-{h(8)}.php\n"
    yield "trace id", f"trace_id={h(32)}-{h(8)}-{h(8)}\n"
    yield "npm lock", json.dumps({"resolved": "x.tgz", "integrity": "sha512-" + b64(h(64))})
    yield "composer lock", f'"reference": "{h(40)}", "shasum": "{h(40)}", "name": "symfony/mailgun-mailer"\n'
    yield "content hash", f'"content-hash": "{h(32)}", "name": "mailgun/mailgun-php"\n'
    yield "yarn lock", f"mailgun.js@^9.0:\n  resolved x#{h(40)}\n  integrity sha512-{b64(h(60))}\n"
    yield "pip hash", f"mailgun==1.0 --hash=sha256:{h(64)}\n"
    yield "docs sample", "api:key-" + "3ax6xnjp29jd6fds4gc373sgvjxteol0 https://api.mailgun.net/v3\n"
    yield "docs placeholder", "MAILGUN_API_KEY=" + PREFIX + "x" * 32 + "\n"
    yield "docs zeros", "MAILGUN_API_KEY=" + "0" * 32 + "-" + "0" * 8 + "-" + "0" * 8 + "\n"
    yield "docs fives", "MAILGUN_API_KEY=" + PREFIX + "55c5c5c5c55f55ca5cd5f55d5c555c55\n"
    yield (
        "env placeholder",
        "MAILGUN_SECRET=your-mailgun-secret\nMAIL_HOST=smtp.mailgun.org\nMAIL_PASSWORD=null\n",
    )
    yield (
        "env reference",
        "MAIL_HOST=smtp.mailgun.org\nMAIL_PASSWORD=${SMTP_PASSWORD}\nX={{ mailgun_password }}\n",
    )
    yield (
        "config code",
        "'mailgun' => ['secret' => env('MAILGUN_SECRET')], 'password' => env('MAIL_PASSWORD')\n",
    )
    yield (
        "python code",
        "host = 'smtp.mailgun.org'\npassword = os.environ['SMTP_PASSWORD']\nself.password = password\n",
    )
    yield (
        "js code",
        "auth: { user: process.env.MAILGUN_USER, pass: process.env.MAILGUN_PASSWORD } // smtp.mailgun.org\n",
    )
    yield (
        "prose",
        "Set the password of postmaster@mg.example.com in Mailgun, then the API key and the secret.\n",
    )
    yield (
        "other database",
        f"MAIL_HOST=smtp.mailgun.org\n\nDB_PASSWORD={draw.own_password()}\nREDIS_PASSWORD={draw.old_password()}\n",
    )
    yield "other service", f"smtp:\n  host: smtp.sendgrid.net\n  password: {draw.own_password()}\n"
    yield "message id", f"Message-Id: <{h(32)}.{h(8)}@mg.example.com>\n"
    yield "boundary", f'boundary="{h(32)}-{h(8)}-{h(8)}"\n'
    yield "key id", f"mailgun api-key-id: {h(8)}-{h(8)}\n"
    yield (
        "webhook signature",
        json.dumps({"signature": {"token": h(50), "signature": h(64)}, "mailgun": True}),
    )
    yield "css", "." + PREFIX + "abcdefghijklmnopqrstuvwxyzabcdef { color: red }\n"
    yield (
        "base64 image",
        "data:image/png;base64," + base64.b64encode(hashlib.sha256(h(8).encode()).digest() * 8).decode(),
    )


def packed(data: bytes) -> bytes:
    """Return gzip of ``data``, the same bytes every time."""
    return gzip.compress(data, mtime=0)

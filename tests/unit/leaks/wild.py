"""Secrets as they leak in the wild, by kind: at least five variants of each, values drawn anew.

``{pw}`` is an SMTP password (old generated form, 32 hex digits, current form or a person's own), ``{key}`` a key of
the current form, ``{leg}`` a legacy key. Look-alikes hold values of the same shapes that are not Mailgun's.
"""

# ruff: noqa: E501, S608 -- sample files are easier to judge on one line
from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import quopri
import sqlite3
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tests.unit.leaks import wild_formats, wild_more
from tests.unit.leaks.corpus import BASE36, Draw


@dataclass(frozen=True, slots=True)
class Leak:
    """One file: its kind, its name, its bytes, the value in it ("" for a look-alike)."""

    kind: str
    name: str
    data: bytes
    value: str


class Wild(Draw):
    """Draws values, hosts and logins."""

    def host(self) -> str:
        return self.random.choice(["smtp.mailgun.org", "smtp.eu.mailgun.org", "smtp.mailgun.org"])

    def domain(self) -> str:
        return f"mg.{self.text('bcdfghklmnp', 6)}-{self.random.choice(['shop', 'tools', 'app'])}.example"

    def login(self) -> str:
        return f"{self.random.choice(['postmaster', 'news', 'no-reply', 'app'])}@{self.domain()}"

    def password(self) -> str:
        return self.random.choice([self.old_password, lambda: self.hex(32), self.own])()

    def own(self) -> str:
        """A person's own password, without the signs that a language of the samples would have to escape."""
        body = self.text(BASE36 + BASE36.upper(), self.random.randrange(9, 18))
        return f"{self.random.choice('ABCDEFGH')}{body[:4]}{self.random.choice('!%*+#^~')}{body[4:]}{self.random.randrange(10, 99)}"

    def dashed(self) -> str:
        """A legacy key with dashes inside."""
        while True:
            body = list(self.text(BASE36, 32))
            for at in (self.random.randrange(3, 14), self.random.randrange(16, 29)):
                body[at] = "-"
            value = "key" + "-" + "".join(body)
            if sum(char.isdigit() for char in value) >= 4:
                return value


# ── text: kind → (file name, template) ───────────────────────────────────────────────────────────────────
TEXT: dict[str, tuple[tuple[str, str], ...]] = {
    "positional arguments": (
        ("mail.py", 'server = smtplib.SMTP("{host}", 587)\nserver.login("{login}", "{pw}")\n'),
        ("mail.go", 'auth := smtp.PlainAuth("", "{login}", "{pw}", "{host}")\n'),
        ("Mail.cs", 'client = new SmtpClient("{host}", 587);\nclient.Credentials = new NetworkCredential("{login}", "{pw}");\n'),
        ("dial.go", 'd := gomail.NewDialer("{host}", 587, "{login}", "{pw}")\n'),
        ("mail.rs", 'let creds = Credentials::new("{login}".to_string(), "{pw}".to_string());\nlet mailer = SmtpTransport::relay("{host}")\n'),
        ("Mail.java", 'mailer = MailerBuilder.withSMTPServer("{host}", 587, "{login}", "{pw}").buildMailer();\n'),
        ("send.php", "$t = (new Swift_SmtpTransport('{host}', 587, 'tls'))->setUsername('{login}')->setPassword('{pw}');\n"),
        ("m.rb", "Net::SMTP.start('{host}', 587, 'localhost', '{login}', '{pw}', :plain)\n"),
        ("m.pl", "$smtp = Net::SMTP->new('{host}');\n$smtp->auth('{login}', '{pw}');\n"),
        ("M.java", 'return new PasswordAuthentication("{login}", "{pw}"); // {host}\n'),
    ),
    "legacy key with dashes": (
        (".env", "MAILGUN_DOMAIN=mg.x.example\nMAILGUN_API_KEY={dash}\n"),
        ("a.py", 'auth=("api", "{dash}")\nrequests.post("https://api.mailgun.net/v3/x/messages", auth=auth)\n'),
        ("m.js", "const mg = mailgun({{apiKey: '{dash}', domain: d}});\n"),
        ("c.yml", "mailgun:\n  api_key: {dash}\n"),
        ("b.sh", "curl -s --user 'api:{dash}' https://api.mailgun.net/v3/d/messages\n"),
    ),
    "key- before the current form": (
        (".env", "MAILGUN_API_KEY=key-{key}\n"),
        ("a.py", 'auth=("api", "key-{key}")  # api.mailgun.net\n'),
        ("m.json", '{{"mailgun": {{"apiKey": "key-{key}"}}}}\n'),
        ("b.sh", "curl -s --user 'api:key-{key}' https://api.mailgun.net/v3/d/messages\n"),
        ("c.php", "'mailgun' => ['secret' => 'key-{key}'],\n"),
    ),
    "command-line options": (
        ("r.sh", "./send --host {host} --port 587 --user {login} --pass {pw}\n"),
        ("b.sh", "sendEmail -f a@b.example -s {host}:587 -xu {login} -xp '{pw}' -o tls=yes\n"),
        ("remotes", "{host} smtp --port=587 --starttls --user={login} --pass={pw}\n"),
        ("c.sh", "curl --url 'smtp://{host}:587' --user '{login}:{pw}' --mail-from a@b.example\n"),
        ("d.sh", "swaks --server {host} --auth-user {login} --auth-password {pw} --to a@b.example\n"),
        ("e.sh", "docker run -e RELAYHOST=[{host}]:587 -e SASL_AUTH={login}:{pw} x/postfix\n"),
        ("f.sh", 'mailx -S smtp="{host}:587" -S smtp-auth-user={login} -S smtp-auth-password="{pw}" a@b.example\n'),
        ("g.sh", "swaks -s {host} -au {login} -ap {pw} \\\n  -t a@b.example\n"),
        ("h.sh", "msmtp --host={host} \\\n  --user={login} \\\n  --password={pw}\n"),
    ),
    "maps of mail servers": (
        ("passwd.client", "{host}:{login}:{pw}\n"),
        ("exim-passwd", "# exim\n*.mailgun.org:{login}:{pw}\n"),
        ("authinfo", 'AuthInfo:{host} "U:{login}" "I:{login}" "P:{pw}" "M:PLAIN"\n'),
        ("secrets", "mailgun\t{login}:{pw}\n"),
        ("sasl_passwd", "[{host}]:587 {login}:{pw}\n"),
        ("sasl_by_sender", "info@shop.example {login}:{pw}\nsales@shop.example {login}:{pw}\n"),
        ("auth_map", "{host} {login} {pw}\n"),
        ("smtpd.conf", 'action "relay" relay host smtp+tls://mg@{host}:587 auth <secrets>\n# secrets: mg {login}:{pw}\n'),
    ),
    "name and value apart": (
        ("deploy.yaml", "env:\n- name: SMTP_HOST\n  value: {host}\n- name: SMTP_PASSWORD\n  value: \"{pw}\"\n"),
        ("task.json", '{{"environment":[{{"name":"MAIL_HOST","value":"{host}"}},{{"name":"MAIL_PASSWORD","value":"{pw}"}}]}}\n'),
        ("f.html", '<input name="smtp_host" value="{host}">\n<input type="password" class="form" name="smtp_password" id="pw" value="{pw}">\n'),
        ("mailer.xml", "<smtpHost>{host}</smtpHost>\n<smtpAuthPassword>{pw}</smtpAuthPassword>\n"),
        ("web.config", '<add key="SmtpHost" value="{host}" />\n<add key="SmtpPassword" value="{pw}" />\n'),
        ("m.vbs", 'c.Fields.Item("http://schemas.microsoft.com/cdo/configuration/smtpserver") = "{host}"\nc.Fields.Item("http://schemas.microsoft.com/cdo/configuration/sendpassword") = "{pw}"\n'),
        ("app.plist", "<key>SMTPHost</key>\n<string>{host}</string>\n<key>SMTPPassword</key>\n<string>{pw}</string>\n"),
        ("strings.xml", '<string name="smtp_host">{host}</string>\n<string name="smtp_password">{pw}</string>\n'),
        ("ctx.xml", '<property name="host" value="{host}"/>\n<property name="password" value="{pw}"/>\n'),
        ("t.tf", 'environment {{ name = "SMTP_HOST" value = "{host}" }}\nenvironment {{ name = "SMTP_PASSWORD" value = "{pw}" }}\n'),
    ),
    "raw signs in URLs": (
        (".env", "MAILER_URL=smtp://{login}:{pw}@{host}:587\n"),
        ("a.yml", "dsn: 'smtps://{login}:{pw}@{host}:465'\n"),
        ("b.js", 'nodemailer.createTransport("smtp://{login}:{pw}@{host}");\n'),
        ("c.toml", 'url = "smtp://{login}:{pw}@{host}:2525/?tls=1"\n'),
        ("d.py", 'EMAIL_URL = "submission://{login}:{pw}@{host}:587"\n'),
    ),
    "blank lines and prefixes": (
        (".env", "MAIL_HOST={host}\n\nMAIL_PASSWORD={pw}\n"),
        ("a.ini", "smtp_server = {host}\n\n; the login\n\nsmtp_pass = {pw}\n"),
        ("b.properties", "mail.smtp.host={host}\n\n\nmail.smtp.password={pw}\n"),
        ("c.py", 'EMAIL_HOST = "{host}"\n\nEMAIL_PORT = 587\n\nEMAIL_HOST_PASSWORD = "{pw}"\n'),
        ("d.cfg", "RELAY_HOST={host}\n\n# comment\nRELAY_PASSWORD={pw}\n"),
        ("e.env", "SMTP_PASSWORD={pw}\nDATABASE_URL=postgres://db\n\nSMTP_SERVER={host}\n"),
    ),
    "tables and notes": (
        ("NOTES.md", "| Service | Host | User | Password |\n|---|---|---|---|\n| Mailgun | {host} | {login} | {pw} |\n"),
        ("p.csv", "name,url,username,password\nMailgun,https://{host},{login},{pw}\n"),
        ("p.tsv", "host\tlogin\tpass\n{host}\t{login}\t{pw}\n"),
        ("notes.txt", "{host}  {login} / {pw}\n"),
        ("b.txt", "Mailgun SMTP\nuser: {login}\npass: {pw}\n"),
        ("c.txt", "mailgun\n{login}\n{pw}\n"),
        ("d.csv", "service;password;login\nmailgun smtp;{pw};{login}\n"),
        ("e.html", "<table><tr><th>Host</th><th>Login</th><th>Password</th></tr><tr><td>{host}</td><td>{login}</td><td>{pw}</td></tr></table>\n"),
        ("f.txt", "The mailgun password is {pw} (login {login})\n"),
    ),
    "split strings": (
        ("a.js", "const mailgunKey = '{key:12}' + '{key:12:}';\n"),
        ("b.php", "<?php $mailgun = '{leg:4}' . '{leg:4:}';\n"),
        ("c.py", 'MAILGUN_KEY = ("{key:20}"\n    "{key:20:}")\n'),
        ("d.js", "// mailgun\nconst k = ['{key:10}', '{key:10:}'].join('');\n"),
        ("e.java", 'String mailgunKey = "{leg:10}"\n    + "{leg:10:}";\n'),
        ("f.php", "<?php define('MAILGUN_API_KEY', '{leg:4:}');\n$auth = 'api:key-'.MAILGUN_API_KEY;\n"),
    ),
    "escapes": (
        ("a.json", '{{"body":"MAILGUN_SECRET={key!u}"}}\n'),
        ("b.txt", "mailgun_key%3D{key!p}\n"),
        ("c.log", "MAILGUN_SECRET\x1b[0m=\x1b[32m{key:8}\x1b[0m{key:8:}\n"),
        ("d.html", "<pre>MAILGUN_SECRET=&quot;{key!h}&quot;</pre>\n"),
        ("e.log", "send: b'MAIL_HOST={host}\\r\\nMAIL_PASSWORD={pw}\\r\\nMAIL_FROM=x\\r\\n'\n"),
        ("f.eml", "Content-Transfer-Encoding: quoted-printable\n\nMAILGUN_SECRET=3D{key:20}=\n{key:20:}\n"),
        ("g.js", 'x("mailgun","{leg!x}");\n'),
        ("h.json", '{{"env":"MAIL_HOST={host}\\nMAIL_PASSWORD={pw}\\nMAIL_FROM=x"}}\n'),
    ),
    "the key in a password's place": (
        ("u.php", "curl_setopt($ch, CURLOPT_USERPWD, 'api:{key}');\ncurl_setopt($ch, CURLOPT_URL, 'https://api.mailgun.net/v3/x');\n"),
        ("insomnia.json", '{{"url":"https://api.mailgun.net/v3/x/messages","authentication":{{"type":"basic","username":"api","password":"{key}"}}}}\n'),
        ("postman.json", '{{"auth":{{"basic":[{{"key":"password","value":"{key}"}},{{"key":"username","value":"api"}}]}},"url":"https://api.mailgun.net"}}\n'),
        ("r.rb", "RestClient::Request.new(url: 'https://api.mailgun.net/v3/x', user: 'api', password: '{key}')\n"),
        ("h.http", "POST https://api.mailgun.net/v3/x/messages\nAuthorization: Basic api:{key}\n"),
    ),
}  # fmt: skip

QUIET: dict[str, tuple[tuple[str, str], ...]] = {
    "another service's password": (
        ("application.properties", "spring.datasource.password={pw}\nspring.mail.host={host}\nspring.mail.password=${{SMTP_PASS}}\n"),
        ("values.yaml", "smtp:\n  server: {host}\n  existingSecret: smtp\npostgresql:\n  auth:\n    password: {pw}\n"),
        ("config.php", "<?php $CONFIG = array('dbpassword' => '{pw}', 'passwordsalt' => '{pw}', 'mail_smtphost' => '{host}');\n"),
        ("accounts.yml", "primary:\n  host: {host}\n  password_env: MG\nbackup:\n  host: smtp.sendgrid.net\n  password: {pw}\n"),
        ("mail.php", "'mailgun' => ['secret' => env('X')], 'mailjet' => ['key' => '{hex}', 'secret' => '{hex}'],\n"),
        ("moodle.php", "$CFG->dbpass = '{pw}';\n$CFG->smtphosts = '{host}:587';\n"),
        (".env", "MAIL_HOST={host}\nMAIL_PASSWORD=\nREDIS_PASSWORD={pw}\nADMIN_PASSWORD={pw}\n"),
        ("configuration.php", "public $password = '{pw}';\npublic $db = 'j';\npublic $dbprefix = 'x_';\n"),
    ),
    "another vendor's key": (
        ("sms.php", "curl_setopt($c, CURLOPT_URL, 'http://sms-api.luosimao.com/v1/send.json');\ncurl_setopt($c, CURLOPT_USERPWD, 'api:{leg}');\n"),
        ("r.js", "// sms-api.luosimao.com\nheaders:{{'Authorization':'Basic {basic}'}}\n"),
        ("a.sh", "curl -u api:{leg} https://api.other-vendor.com/v1/x\n"),
        ("b.py", 'requests.get("https://api.vendor.io/x", auth=("api", "{leg}"))\n'),
        ("c.json", '{{"url":"https://api.vendor.io","auth":"api:{leg}"}}\n'),
    ),
    "place-holders": (
        ("SETUP.md", "SMTP_HOST={host}\nSMTP_USER=postmaster@yourdomain.com\nSMTP_PASS=your-mailgun-password\n"),
        ("A.md", "MAIL_HOST={host}\nMAIL_PASSWORD=changeme123\n"),
        ("b.yml", "smtp_host: {host}\nsmtp_password: 'mailgun_smtp_password_secret'\n"),
        ("c.env", "MAIL_HOST={host}\nMAIL_PASSWORD=${{SMTP_PASSWORD:-secret}}\n"),
        ("d.md", "SMTP_HOST={host} SMTP_PASSWORD=<your smtp password>\n"),
        ("e.ini", "smtp_server={host}\nsmtp_password=xxxxxxxxxxxx\n"),
        ("f.tf", 'smtp_host = "{host}"\nsmtp_password = var.smtp_password2\n'),
    ),
    "hashes that look like keys": (
        ("x.css", ".mailgun-list .{leg} {{color:red}}\n"),
        ("x.html", '<li data-key="{leg}">Mailgun</li>\n'),
        ("c.php", "Cache::remember('mailgun.{leg}', 60, fn() => $x);\n"),
        ("d.html", '<div class="{leg}" id="{leg}">mailgun</div>\n'),
        ("e.js", "cacheKey: '{leg}', // mailgun list\n"),
        ("f.log", "mailgun request_id={key} ok\n"),
        ("g.log", "mailgun session_id={key}\n"),
    ),
    "a mailbox that is not Mailgun's": (
        ("fixtures.yml", "users:\n  - email: postmaster@harbour.example\n    password: {pw}\n"),
        ("fetch.conf", 'poll imap.harbour.example user "postmaster@harbour.example" password "{pw}"\n'),
        ("a.env", "IMAP_HOST=imap.harbour.example\nIMAP_USER=postmaster@harbour.example\nIMAP_PASSWORD={pw}\n"),
        ("b.sql", "INSERT INTO users VALUES (1,'postmaster@harbour.example','{pw}');\n"),
        ("c.csv", "email,password\npostmaster@harbour.example,{pw}\n"),
    ),
    "stored encrypted": (
        ("a.yml", "smtp_host: {host}\nsmtp_password: ENC[AES256_GCM,data:{hex},iv:{hex},type:str]\n"),
        ("b.xml", "<smtpHost>{host}</smtpHost><smtpAuthPassword>{{{enc}=}}</smtpAuthPassword>\n"),
        ("c.properties", "mail.host={host}\nmail.password=ENC({enc})\n"),
        ("d.json", '{{"smtp_host":"{host}","smtp_password":"gAAAAABl{enc}=="}}\n'),
        ("e.yml", "smtp_host: {host}\nsmtp_password: vault:v1:{enc}\n"),
        ("netrc", "machine api.mailgun.net login api password file:/run/x\nmachine github.com login me password {pw}\n"),
    ),
}  # fmt: skip


class _Value(str):
    """A value that a template may cut (``{key:8}``, ``{key:8:}``) and escape (``{key!u}`` is done beforehand)."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(self)
        return self[int(spec[:-1]) :] if spec.endswith(":") else self[: int(spec)]


_ESCAPES: dict[str, Callable[[str], str]] = {
    "u": lambda text: text.replace("-", "\\u002d"),
    "x": lambda text: text.replace("-", "\\x2D"),
    "p": lambda text: text.replace("-", "%2D"),
    "h": lambda text: text.replace("-", "&#45;"),
}


TEXT |= wild_formats.TEXT


def _filled(template: str, draw: Wild) -> tuple[str, str]:
    """Return the text of a template and the value it holds."""
    login, host = draw.login(), draw.host()
    values = {
        "pw": draw.password(), "key": draw.current(), "leg": draw.legacy(), "dash": draw.dashed(), "hex": draw.hex(32),
        "enc": base64.b64encode(draw.random.randbytes(48)).decode(),
    }  # fmt: skip
    values["basic"] = base64.b64encode(f"api:{values['leg']}".encode()).decode()
    for letter, escape in _ESCAPES.items():
        for name in ("key", "leg"):
            template = template.replace(f"{{{name}!{letter}}}", escape(values[name]))
    text = template.format(host=host, login=login, **{name: _Value(value) for name, value in values.items()})
    held = next(
        (name for name in ("dash", "leg", "key", "pw") if _holds(text, values[name], template, name)), "pw"
    )
    return text, values[held]


def _holds(text: str, value: str, template: str, name: str) -> bool:
    return (
        value in text
        or f"{{{name}:" in template
        or value.replace("-", "\\u002d") in text
        or any(escape(value) in text for escape in _ESCAPES.values())
    )


def texts(seed: int, rounds: int = 3) -> Iterator[Leak]:
    """Yield every text leak, ``rounds`` times with other values."""
    draw = Wild(seed)
    for _ in range(rounds):
        for kind, variants in TEXT.items():
            more = [(name, template) for of, name, template in wild_more.TEXT if of == kind]
            for name, template in [*variants, *more]:
                text, value = _filled(template, draw)
                yield Leak(kind, name, text.encode(), value)


def quiet(seed: int, rounds: int = 3) -> Iterator[Leak]:
    """Yield every look-alike."""
    draw = Wild(seed)
    for _ in range(rounds):
        for kind, variants in QUIET.items():
            more = [(name, template) for of, name, template in wild_more.QUIET if of == kind]
            for name, template in [*variants, *more]:
                yield Leak(kind, name, _filled(template, draw)[0].encode() if template else b"", "")


# ── bytes: encodings, binary files, archives ─────────────────────────────────────────────────────────────
def encoded(seed: int) -> Iterator[Leak]:
    """Yield values in base64, in environments that NUL bytes part, and in plugins' options."""
    draw = Wild(seed)
    for _ in range(3):
        host, login, password = draw.host(), draw.login(), draw.password()
        secret = [base64.b64encode(text.encode()).decode() for text in (host, login, password)]
        for number, form in enumerate(
            (
                "apiVersion: v1\nkind: Secret\ndata:\n  SMTP_HOST: {0}\n  SMTP_USER: {1}\n  SMTP_PASSWORD: {2}\n",
                "apiVersion: v1\ndata:\n  host: {0}\n  username: {1}\n  password: {2}\nkind: Secret\n",
                '{{"apiVersion":"v1","kind":"Secret","data":{{"MAIL_HOST":"{0}","MAIL_USERNAME":"{1}","MAIL_PASSWORD":"{2}"}}}}\n',
                '{{"kind": "List", "items": [{{"kind": "Secret", "data": {{"smtp-password": "{2}", "smtp-host": "{0}"}}}}]}}\n',
                "kind: Secret\nmetadata: {{name: mailgun}}\ndata:\n  password: {2}\n  login: {1}\n  server: {0}\n",
            )
        ):
            yield Leak("Kubernetes secret", f"s{number}.yaml", form.format(*secret).encode(), password)
        for option, name in (
            ("swpsmtp_options", "password"),
            ("smtp_mailer_options", "smtp_password"),
            ("postman_options", "basic_auth_password"),
            ("easy_smtp", "smtp_pass"),
            ("wpo_smtp", "pass"),
        ):
            text = (
                f'(\'{option}\',\'a:3:{{s:4:\\"host\\";s:{len(host)}:\\"{host}\\";s:8:\\"username\\";s:{len(login)}:\\"{login}\\";'
                f's:{len(name)}:\\"{name}\\";s:{len(secret[2])}:\\"{secret[2]}\\";}}\',\'yes\')'
            )
            yield Leak(
                "plugin that stores base64",
                "dump.sql",
                f"INSERT INTO `wp_options` VALUES (1,{text[1:]};\n".encode(),
                password,
            )
        for form in (
            "PATH=/bin\0MAIL_HOST={h}\0MAIL_PASSWORD={p}\0HOME=/root\0",
            "SMTP_PASSWORD={p}\0SMTP_HOST={h}\0",
            "A=1\0MAILGUN_SMTP_PASSWORD={p}\0B=2\0",
            "EMAIL_HOST={h}\0EMAIL_HOST_USER={l}\0EMAIL_HOST_PASSWORD={p}\0",
            "MAIL_SERVER={h}\0X=\0MAIL_PASSWORD={p}\0",
        ):
            yield Leak(
                "environment parted by NUL",
                "environ",
                form.format(h=host, l=login, p=password).encode(),
                password,
            )


def binaries(seed: int) -> Iterator[Leak]:
    """Yield keys in files whose bytes touch them."""
    draw = Wild(seed)
    for _ in range(4):
        for key in (draw.current(), draw.legacy()):
            length = bytes((len(key),))
            raw = key.encode()
            yield Leak("binary", "app.sqlite3", _database(key), key)
            yield Leak(
                "binary", "classes.dex", b"dex\n035\0\x07mailgun\0" + length + raw + b"\0\x05hello\0", key
            )
            yield Leak(
                "binary",
                "Mail.class",
                b"\xca\xfe\xba\xbe\0\0\0\x34\x01\0\x1dhttps://api.mailgun.net/v3/x\x01\0"
                + length
                + raw
                + b"\x01\0\x04Code",
                key,
            )
            yield Leak(
                "binary",
                "c.pkl",
                b"\x80\x04}\x94\x8c\x0fmailgun_api_key\x94\x8c" + length + raw + b"\x94s.",
                key,
            )
            yield Leak(
                "binary",
                "dump.rdb",
                b"REDIS0009\xfa\tredis-ver\x056.0.1\0\x0fmailgun:api_key" + length + raw + b"\xff12345678",
                key,
            )
            yield Leak(
                "binary",
                "t.ibd",
                b"\0\0\x80\0\x0f" + length + b"\0\0\x10mailgun_api_key" + raw + b"\x0f2\0\0next",
                key,
            )
            yield Leak(
                "binary",
                "heap.hprof",
                b"JAVA PROFILE 1.0.2\0\x23\0\0\0\x05mailgun\0\0\0"
                + length
                + key.encode("utf-16-be")
                + b"\0\0\0\x01",
                key,
            )
            yield Leak(
                "binary", "s.pyc", b"\xa7\r\r\n\0\0\0\0z" + length + raw + b"N)\x01Z\x0fMAILGUN_API_KEY", key
            )


def _database(key: str) -> bytes:
    with sqlite3.connect(":memory:") as base:
        base.execute("create table settings (name text, value text)")
        base.executemany(
            "insert into settings values (?, ?)", [("filler", "filler"), ("mailgun_api_key", key)]
        )
        base.commit()
        return base.serialize()


def archives(seed: int) -> Iterator[Leak]:
    """Yield keys in archives, in archives inside archives, and in documents."""
    draw = Wild(seed)
    for key in (draw.current(), draw.legacy(), draw.current()):
        plain = f"MAILGUN_SECRET={key}\n".encode() + b"# filler line\n" * 40
        inner = {"zip": _zip({"a/.env": plain}), "tar.gz": gzip.compress(_tar({"a/.env": plain}))}
        yield Leak("archive", "a.zip", _zip({"x.sql.gz": gzip.compress(plain)}), key)
        yield Leak("archive", "b.zip", _zip({"inner.zip": inner["zip"]}, stored=True), key)
        yield Leak("archive", "c.zip", _zip({"inner.tar.gz": inner["tar.gz"]}), key)
        yield Leak("archive", "d.tar.gz", gzip.compress(_tar({"db.sql.gz": gzip.compress(plain)})), key)
        yield Leak(
            "archive",
            "e.tar",
            _tar({"layer/layer.tar": _tar({".env": plain}), "l2.tar.gz": gzip.compress(_tar({"x": b"y"}))}),
            key,
        )
        yield Leak(
            "archive", "f.tar", _tar({"blobs/sha256/aa": gzip.compress(_tar({"app/.env": plain}))}), key
        )
        yield Leak("archive", "g.lzma", lzma.compress(plain, lzma.FORMAT_ALONE), key)
        yield Leak("archive", "h.tar.bz2", bz2.compress(_tar({"x.xz": lzma.compress(plain)})), key)
        yield Leak("document", "p.pdf", _pdf(plain[:80]), key)
        yield Leak("document", "h.docx", _zip({"word/document.xml": _runs(key)}), key)
        yield Leak(
            "document",
            "o.odt",
            _zip(
                {
                    "content.xml": f"<text:p>MAILGUN_SECRET=<text:span>{key[:9]}</text:span><text:span>{key[9:]}</text:span></text:p>".encode()
                }
            ),
            key,
        )
        yield Leak(
            "document",
            "m.eml",
            b"Subject: mailgun\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(plain),
            key,
        )
        yield Leak(
            "document",
            "q.eml",
            b"Subject: mailgun\nContent-Transfer-Encoding: quoted-printable\n\n"
            + quopri.encodestring(b"x" * 50 + b" " + plain),
            key,
        )
        yield Leak(
            "document",
            "n.ipynb",
            json.dumps({"cells": [{"source": [f"MAILGUN_SECRET='{key}'\n"]}]}).encode(),
            key,
        )
    for _ in range(5):
        password, login = draw.password(), draw.login()
        yield Leak(
            "document",
            "p.xlsx",
            _xlsx(["Service", "Host", "Login", "Password"], ["Mailgun", "smtp.mailgun.org", login, password]),
            password,
        )
        rows = (("Service", "Host", "Login", "Password"), ("Mailgun", "smtp.mailgun.org", login, password))
        for name, inside, table in (
            ("t.docx", "word/document.xml", _table("w:tr", "w:tc", "w:p", rows)),
            ("t.ods", "content.xml", _table("table:table-row", "table:table-cell", "text:p", rows)),
            ("t.pptx", "ppt/slides/slide1.xml", _table("a:tr", "a:tc", "a:p", rows)),
            ("r.docx", "word/document.xml", _cut_in_runs(login, password)),
        ):
            yield Leak("document", name, _zip({inside: table}), password)


def _zip(files: dict[str, bytes], *, stored: bool = False) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def _tar(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def _table(row: str, cell: str, paragraph: str, rows: Sequence[Sequence[str]]) -> bytes:
    """A table of a document: rows of cells, each with a paragraph of its own."""
    cells = ["".join(f"<{cell}><{paragraph}>{text}</{paragraph}></{cell}>" for text in one) for one in rows]
    return "".join(f"<{row}>{one}</{row}>" for one in cells).encode()


def _cut_in_runs(login: str, password: str) -> bytes:
    lines = (("Mailgun: ", "smtp.mailgun.org"), ("User: ", login), ("Password: ", password[:6], password[6:]))
    runs = ["".join(f"<w:r><w:t>{part}</w:t></w:r>" for part in line) for line in lines]
    return "".join(f"<w:p>{line}</w:p>" for line in runs).encode()


def _runs(key: str) -> bytes:
    runs = "".join(
        f'<w:r><w:rPr><w:b/></w:rPr><w:t xml:space="preserve">{part}</w:t></w:r>'
        for part in ("MAILGUN_SECRET=", key[:7], key[7:])
    )
    return f'<?xml version="1.0"?><w:document xmlns:w="x"><w:body><w:p>{runs}</w:p></w:body></w:document>'.encode()


def _pdf(text: bytes) -> bytes:
    content = zlib.compress(b"BT /F1 12 Tf 72 720 Td (" + text.split(b"\n")[0] + b") Tj ET")
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d/Filter/FlateDecode>>\nstream\n" % len(content) + content + b"\nendstream",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]  # fmt: skip
    out, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + one + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % at for at in places)
    return out + b"trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start


def _xlsx(*rows: list[str]) -> bytes:
    cells = [cell for row in rows for cell in row]
    shared = "".join(f"<si><t>{cell}</t></si>" for cell in cells)
    number, sheet = 0, ""
    for row_number, row in enumerate(rows, 1):
        sheet += f'<row r="{row_number}">'
        for column in range(len(row)):
            sheet += f'<c r="{"ABCDEF"[column]}{row_number}" t="s"><v>{number}</v></c>'
            number += 1
        sheet += "</row>"
    return _zip({
        "xl/sharedStrings.xml": f"<sst>{shared}</sst>".encode(),
        "xl/worksheets/sheet1.xml": f"<worksheet><sheetData>{sheet}</sheetData></worksheet>".encode(),
    })  # fmt: skip

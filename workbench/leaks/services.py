"""Whose secret is it? The same file holds the database's password, the shop's and another mail vendor's.

Every mention of a service in a stretch of text is a mark on a line; a value belongs to the service that its own
name or its parents name, else to the nearest one before it in its block, else to the nearest one after.
"""

from __future__ import annotations

import re

MAILGUN_HOST = re.compile(rb"(?i)(?:smtp\.|api\.|(?<![\w.-]))(?:eu\.)?mailgun\.(?:org|net)")
_OURS = (
    rb"(?:smtp|api)\.(?:eu\.)?mailgun\.(?:org|net)|(?<![a-z0-9.@-])mailgun(?!\.(?:org|net))"
    rb"|postmaster@(?:mg|mail|email|mailer|mailgun|m|send|smtp|news|notify|notifications?|sandbox[0-9a-f]*)\."
    rb"|[\w.+-]+@(?:mg|mailgun)\.[a-z0-9-]+\.|[\w.+-]+@sandbox[0-9a-f]{8,}"
)
_VENDORS = (
    rb"sendgrid|mailjet|mandrill|sparkpost|postmark|sendinblue|brevo|mailchimp|elasticemail|smtp2go"
    rb"|mailersend|mailtrap"
    rb"|mailhog|amazonaws|email-smtp|resend\.|socketlabs|pepipost|smtp\.gmail|gmail\.com|googlemail"
    rb"|office365|outlook|zoho"
    rb"|yandex|mail\.ru|gandi|ovh|ionos|strato|fastmail|luosimao|twilio|nexmo|vonage|plivo|stripe|paypal"
    rb"|braintree|pusher"
    rb"|slack|telegram|github\.com|gitlab|bitbucket|dropbox|cloudflare|digitalocean|facebook|twitter"
    rb"|algolia|sentry|artifactory|nexus|npmjs|docker\.io|bugsnag|rollbar|honeybadger|airbrake|datadog|newrelic"
    rb"|mixpanel|amplitude|intercom|hubspot|pagerduty|opsgenie|mapbox|openai|shopify|zendesk|cloudinary|openweather"
)
_OTHER_HOST = (
    rb"(?:smtp|imap|pop3?|mail|mx|relay|email)\d?\.(?!(?:eu\.)?mailgun\.|(?:smtps?|transport|host"
    rb"|server)\.\w+\b)[a-z0-9-]+\.[a-z0-9.-]{2,}"
)
_STORES = (
    rb"postgres(?:ql)?|mysql|mariadb|redis|mongo(?:db)?|rabbitmq|amqp|memcached|elasticsearch|database"
    rb"|datasource|jdbc"
    rb"|ldap|sftp|ftp|ssh|imap|pop3|recaptcha|aws|s3|oauth|jwt|keystore|grafana_admin|wp_admin"
    rb"|ppp|pppoe|l2tp|vpn|wireguard|hotspot|radius|snmp|wifi|wlan|vnc|rdp|ipmi|idrac|cifs|smb|bios|luks"
)
MENTION = re.compile(
    rb"(?i)(?P<ours>"
    + _OURS
    + rb")|(?P<other>(?<![@a-z0-9.-])(?:"
    + _OTHER_HOST
    + rb")|(?:"
    + _VENDORS
    + rb")"
    rb"|(?<![a-z0-9])(?:" + _STORES + rb")(?![a-z0-9]))"
)
# Tokens of a name that say whose it is; the name is cut at case changes, dots, dashes and underscores.
_NAME_OTHERS = frozenset(
    "db database databases mysql maria mariadb pg postgres postgresql pgsql redis mongo mongodb rabbit "  # noqa: SIM905
    "rabbitmq amqp admin root "
    "ftp sftp ssh ldap imap pop pop3 aws s3 pusher stripe jwt session sessions app django wpadmin proxy "
    "keystore truststore sudo "
    "elastic elasticsearch cache memcached datasource jdbc salt sendgrid mailjet mandrill sparkpost "
    "postmark sendinblue brevo "
    "mailchimp ses gmail github gitlab bitbucket oauth captcha recaptcha kafka mssql oracle sqlserver "
    "couch couchdb neo4j vnc rds aurora influx influxdb clickhouse cassandra snowflake "
    "users customers members rdp vpn "
    "snmp ipmi idrac ilo ppp pppoe l2tp hotspot luks restic borg pkcs12 pfx "
    "wifi radius samba smb keycloak grafana jenkins nexus sonar registry docker htpasswd webdav "
    "nextcloud owncloud pdo dbi psycopg pymysql mysqli sqlalchemy paramiko imaplib ftplib pyodbc odbc queue".split()
)
_TOKEN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_MAILISH = re.compile(
    r"(?i)mail|smtp|(?:^|[._-])mg(?:[._-]|$)|sasl|anymail|postman|wpms|discourse|sendpassword|sender"
    r"|relay|(?:^|[._-])mta"
)


def tokens(name: str) -> list[str]:
    """Return the lower-case words of an identifier: ``spring.mail.hostName`` is spring, mail, host, name."""
    return [word.lower() for word in _TOKEN.findall(name)]


def names_mailgun(name: str) -> bool:
    """Return whether a name says that the value is Mailgun's."""
    return "mailgun" in name.lower() or re.search(r"(?i)(?:^|[._-])mg[._-]", name) is not None


def names_mail(name: str) -> bool:
    """Return whether a name says that the value is the mail server's."""
    return _MAILISH.search(name) is not None


def names_another(name: str) -> bool:
    """Return whether a name says that the value is some other service's."""
    if names_mailgun(name):
        return False
    # The object of a mail library, as opposed to the secret that signs a site's sessions.
    words = tokens(name.removeprefix("session."))
    if "signing" in words and "password" in words:
        # What signs programs: the password of its store.
        return True
    if any(word in _NAME_OTHERS for word in words):
        # SMTP behind a proxy, or the mail of an app: the mail word wins only where it comes last.
        mail = max((i for i, word in enumerate(words) if _MAILISH.search(word)), default=-1)
        other = max(i for i, word in enumerate(words) if word in _NAME_OTHERS)
        return mail < other
    return (
        re.match(r"(?i)(?:db|redis|mysql|mongo|postgres|ldap|rabbit)[a-z]|.*dbpass", "".join(words))
        is not None
    )


def nearest(data: bytes, first: int, last: int, start: int, end: int) -> bool | None:
    """Return whose block a value at ``first`` to ``last`` stands in, looking from ``start`` to ``end``.

    True is Mailgun's, False another service's, None nobody's.
    """
    before = None
    for found in MENTION.finditer(data, start, first):
        before = found
    if before is not None:
        return before.lastgroup == "ours"
    after = MENTION.search(data, last, end)
    return None if after is None else after.lastgroup == "ours"

"""What a request in an access log means: credential files asked for, and the marks of known harvesters.

Paths are condensed from the dossier's tables 3.2 and 5.3. A user agent groups requests and proves nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# The workbench's own probes name themselves so, and are left out of what logs show (dossier 3.1).
OWN_AGENT = "incident-workbench"


@dataclass(frozen=True, slots=True)
class Meaning:
    """``kind`` of thing asked for, and whether serving it hands out credentials as they are."""

    kind: str
    credential: bool
    harvester: str = ""


_FILES: tuple[tuple[str, bool, str], ...] = (
    (
        "environment file",
        True,
        r"(?i)(?:^|/)(?:\.env(?:[._~-][\w.~-]*|rc)?|[\w-]+\.env|live_env|env(?:\.\w+)?\.js)$",
    ),
    ("git repository", True, r"/\.git(?:-credentials$|/)"),
    ("other repository data", True, r"/\.(?:svn|hg|bzr)/"),
    (
        "configuration backup",
        True,
        r"(?i)(?:wp-config|config(?:uration)?|settings|db|database|local|env|parameters|secrets?)[\w.-]*"
        r"\.(?:php|ya?ml|json|ini|py|rb)?[._-]?(?:bak|bk|bkp|old|orig|original|save|sw[pon]|tmp|txt|dist"
        r"|inc|backup|copy|\d)$"
        r"|\.(?:php|ya?ml|json|ini|env)~$|/\.[\w-]+\.php\.sw[pon]$",
    ),
    (
        "configuration",
        True,
        r"(?i)/(?:application[\w-]*\.(?:ya?ml|properties)|\.runtimeconfig\.json|(?:config/)?master\.key"
        r"|credentials\.yml\.enc"
        r"|[\w.-]*\.tfstate(?:\.backup)?|[\w.-]*\.tfvars|id_(?:rsa|ed25519|ecdsa)|[\w-]+\.(?:p12|pfx|pem)"
        r"|local_settings\.py"
        r"|config(?:/(?:default|config|production))?(?:\.production|\.development)?\.js(?:on)?"
        r"|appsettings[\w.]*\.json"
        r"|web\.config|secrets\.ya?ml|values\.ya?ml|parameters\.ya?ml|databases?\.ya?ml|security\.yaml"
        r"|auth\.json|ecosystem\.config\.js"
        r"|serverless\.ya?ml|docker-compose[\w.-]*\.ya?ml|\.docker(?:cfg|/config\.json)|\.npmrc|\.netrc"
        r"|_netrc|\.htpasswd"
        r"|\.aws/credentials|\.composer-auth\.json|sftp-config\.json|\.vscode/sftp\.json"
        r"|ftpsync\.settings|\.gitlab-ci\.yml"
        r"|\.travis\.yml|\.circleci/config\.yml|Jenkinsfile|\.github/workflows/\S+)$",
    ),
    ("database dump", True, r"(?i)\.sql(?:\.(?:gz|zip|bz2|xz|7z))?$|/(?:dump|backup|db)\.(?:gz|bak)$"),
    (
        "archive of the site",
        True,
        r"(?i)/(?:backup|www|html|public_html|site|web|app|old|wwwroot|htdocs|(?:19|20)\d\d"
        r"|[\w-]+\.[a-z]{2,8})[\w.-]*"
        r"\.(?:zip|tar|tar\.gz|tgz|7z|rar|bz2)$",
    ),
    (
        "phpinfo page",
        True,
        r"(?i)/(?:php[_-]?info|info|infos|php|i|pinfo|phpversion|old_phpinfo|phptest)\.php$|/phpinfo$"
        r"|/_profiler/phpinfo",
    ),
    (
        "debug page",
        True,
        r"(?i)/_profiler(?:/|$)|/actuator/env|/telescope/(?:requests|api)|/horizon/api|/_debugbar/open"
        r"|/__clockwork(?:/|$)"
        r"|/_ignition/health-check|/debug/default/view|/elmah\.axd|/trace\.axd",
    ),
    (
        "log file",
        True,
        r"(?i)/(?:laravel|debug|error|errors|php_errors?|wp-app|npm-debug|production|development|access"
        r"|mail|smtp)[\w.-]*\.log$"
        r"|/error_log$|_debug_log\.txt$",
    ),
    ("memory dump", True, r"(?i)/(?:actuator/)?heapdump(?:\.\w+)?$|\.hprof$|/debug/pprof/heap"),
    ("path traversal", True, r"(?i)(?:^|/)\.\.(?:/|\\)"),
    ("shell history", True, r"/\.(?:bash|zsh|sh|mysql|psql)_history$"),
    ("source map", False, r"\.(?:js|css)\.map$"),
)
_HARVESTERS: tuple[tuple[str, str, bool, str], ...] = (
    (
        "Gravity SMTP credentials (CVE-2026-4020)",
        "plugin endpoint",
        True,
        r"(?i)gravitysmtp(?:/|%2f)v1(?:/|%2f)tests(?:/|%2f)mock-data",
    ),
    ("Post SMTP mail log (CVE-2025-11833)", "plugin endpoint", False, r"page=postman_email_log\S*log_id="),
    (
        "Post SMTP app key (CVE-2023-6875)",
        "plugin endpoint",
        False,
        r"(?i)post-smtp(?:/|%2f)v1(?:/|%2f)(?:connect-app|get-logs?)",
    ),
    ("PHPUnit eval-stdin (CVE-2017-9841)", "code execution", True, r"(?i)eval-stdin\.php"),
    ("Ignition (CVE-2021-3129)", "code execution", True, r"_ignition/execute-solution"),
    (
        "Apache traversal (CVE-2021-41773/42013)",
        "code execution",
        True,
        r"(?i)/(?:cgi-bin|icons)/\S*(?:\.%2e|%%32%65|%2e%2e|\.\./)",
    ),
    ("AndroxGh0st", "harvester", False, r"(?i)androxgh0st|0x(?:\[\]|%5b%5d)="),
)
_AGENTS: tuple[tuple[str, str], ...] = (
    ("libredtail", r"(?i)libredtail-http"),
    ("AndroxGh0st", r"(?i)androxgh0st"),
)
_FILE_RULES = tuple((kind, credential, re.compile(rule)) for kind, credential, rule in _FILES)
_HARVESTER_RULES = tuple((name, kind, leak, re.compile(rule)) for name, kind, leak, rule in _HARVESTERS)
_AGENT_RULES = tuple((name, re.compile(rule)) for name, rule in _AGENTS)
_PHPINFO_QUERY = re.compile(r"(?i)(?:^|&)phpinfo(?:=|$)")


def meaning(path: str, query: str, raw: str) -> Meaning | None:
    """Return what asking for ``path`` means, None for an ordinary request.

    ``raw`` is the request as logged (undecoded), because traversal tricks show only there.
    """
    for name, kind, credential, rule in _HARVESTER_RULES:
        if rule.search(raw):
            return Meaning(kind, credential, name)
    for kind, credential, rule in _FILE_RULES:
        if rule.search(path):
            return Meaning(kind, credential)
    if _PHPINFO_QUERY.search(query):
        return Meaning("phpinfo page", credential=True)
    return None


def campaign(agent: str) -> str:
    """Return the known tool a user agent belongs to, ``""`` for none."""
    return next((name for name, rule in _AGENT_RULES if rule.search(agent)), "")

"""The paths asked for on the operator's own sites, each with what must be seen there (dossier 3.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

# First bytes read of an ordinary answer, and of pages that show their data further down.
SMALL, LARGE = 4096, 65536


# One random path for each way a server may route: plain, folder, script, hidden file, static types.
RANDOM = (
    "/{r}",
    "/{r}/",
    "/{r}.php",
    "/.{r}",
    "/{r}.sql",
    "/{r}.zip",
    "/{r}.log",
    "/{r}.js",
    "/{r}.json",
    "/{r}.yml",
)


@dataclass(frozen=True, slots=True)
class Probe:
    """One path to ask for: what it would expose, which proof it needs, how many bytes may be read."""

    path: str
    kind: str
    proof: str
    most: int = SMALL


_ENV = "environment file"
_GIT = "git repository"
_TABLE: tuple[tuple[str, str, str], ...] = (
    # kind, proof, paths separated by blanks
    (_ENV, "settings", "/.env /.env.bak /.env.backup /.env.old /.env.save /.env~ /.env.local /.env.dev"),
    (_ENV, "settings or swap", "/.env.swp /.env.swo"),
    (
        _ENV,
        "settings",
        "/.env.development /.env.dev.local /.env.development.local /.env.prod /.env.production",
    ),
    (
        _ENV,
        "settings",
        "/.env.prod.local /.env.production.local /.env.live /.env.stage /.env.staging /.env.www",
    ),
    (_ENV, "settings", "/.env.testing /live_env /environments/.env.production /.env.project"),
    (_ENV, "real settings", "/.env.example /.env_sample /.env.dist /.env_1 /.envrc"),
    (_ENV, "settings", "/api/.env /app/.env /backend/.env /laravel/.env /public/.env /docker/.env"),
    ("script with settings", "script settings", "/env /env.js /env.production.js /env.dev.js /config.js"),
    ("debug page", "actuator", "/actuator/env"),
    (_GIT, "git config", "/.git/config"),
    (_GIT, "git head", "/.git/HEAD"),
    (_GIT, "git log", "/.git/logs/HEAD"),
    (_GIT, "git index", "/.git/index"),
    ("stored logins", "git credentials", "/.git-credentials"),
    ("stored logins", "netrc", "/.netrc /_netrc"),
    ("other repository data", "svn", "/.svn/entries /.svn/wc.db"),
    ("other repository data", "hg", "/.hg/hgrc"),
    ("folder listing", "ds_store", "/.DS_Store"),
    ("debug page", "profiler", "/_profiler/empty/search/results?limit=10"),
    ("debug page", "profiler", "/app_dev.php/_profiler/empty/search/results?limit=10"),
    (
        "configuration",
        "yaml",
        "/config/packages/security.yaml /app/config/parameters.yml /config/databases.yml",
    ),
    ("debug page", "ignition", "/_ignition/health-check"),
    (
        "log file",
        "log",
        "/storage/logs/laravel.log /wp-content/debug.log /wp-app.log /error_log /php_errors.log",
    ),
    ("log file", "log", "/error.log /logs/error.log /errors.txt /npm-debug.log /log/production.log"),
    ("log file", "log", "/log/development.log /access.log"),
    ("debug page", "telescope", "/telescope/requests"),
    ("debug page", "horizon", "/horizon/api/stats"),
    ("debug page", "debugbar", "/_debugbar/open?max=20&offset=0"),
    ("debug page", "clockwork", "/__clockwork/app /__clockwork/latest"),
    ("configuration backup", "wp-config", "/wp-config.php.bak /wp-config.php.old /wp-config.php.save"),
    ("configuration backup", "wp-config", "/wp-config.php.orig /wp-config.php.original /wp-config.php.txt"),
    (
        "configuration backup",
        "wp-config",
        "/wp-config.php.swp /wp-config.php.dist /wp-config.php.inc /wp-config.php.bk",
    ),
    (
        "configuration backup",
        "wp-config",
        "/wp-config.php~ /.wp-config.php.swp /wp-config.txt /wp-config.old",
    ),
    ("configuration backup", "wp-config", "/wp-config-backup.txt"),
    ("source served instead of run", "wp-config", "/wp-config.php"),
    (
        "folder listing",
        "index of",
        "/wp-content/uploads/ /wp-content/plugins/ /wp-includes/ /wp-content/backup-db/",
    ),
    ("folder listing", "index of", "/wp-content/uploads/database-backups/ /.vscode/ /.idea/"),
    ("mail log", "index of debug log", "/wp-content/plugins/easy-wp-smtp/ /wp-content/plugins/wp-mail-smtp/"),
    (
        "database dump",
        "sql",
        "/wp-content/mysql.sql /wp-content/uploads/dump.sql /backup.sql /dump.sql /db.sql",
    ),
    (
        "database dump",
        "sql",
        "/database.sql /data.sql /site.sql /mysql.sql /{host}.sql /{host}_db.sql /1.sql",
    ),
    (
        "configuration backup",
        "php source",
        "/config.php.bak /configuration.php~ /settings.php.bak /db.php.bak",
    ),
    ("configuration backup", "php source", "/app/etc/env.php.bak"),
    (
        "configuration",
        "compose",
        "/docker-compose.yml /docker-compose.prod.yml /docker-compose.production.yml",
    ),
    (
        "configuration",
        "compose",
        "/docker-compose.staging.yml /docker-compose.dev.yml /docker-compose.override.yml",
    ),
    ("configuration", "dockerfile", "/Dockerfile /.dockerfile"),
    ("stored logins", "docker auth", "/.dockercfg /.docker/config.json"),
    (
        "configuration",
        "ci",
        "/.gitlab-ci.yml /.travis.yml /.github/workflows/deploy.yml /.circleci/config.yml /Jenkinsfile",
    ),
    ("configuration", "kubernetes", "/kustomization.yml /values.yaml /secrets.yml"),
    (
        "configuration",
        "json settings",
        "/config.json /config/default.json /config/config.json /config.production.json",
    ),
    ("configuration", "node source", "/ecosystem.config.js /app.js /server.js"),
    ("configuration", "procfile", "/Procfile"),
    ("configuration", "yaml", "/serverless.yml"),
    ("stored logins", "editor", "/.vscode/sftp.json /sftp-config.json /ftpsync.settings"),
    ("shell history", "shell", "/.bash_history /.zsh_history /.sh_history"),
    ("stored logins", "npmrc", "/.npmrc"),
    ("stored logins", "auth.json", "/auth.json /.composer-auth.json"),
    ("stored logins", "aws", "/.aws/credentials"),
    ("stored logins", "htpasswd", "/.htpasswd"),
    ("server status", "server-status", "/server-status"),
    ("vendor folder", "composer", "/vendor/composer/installed.json"),
    ("configuration", "dotnet", "/appsettings.json /web.config"),
    ("debug page", "trace", "/elmah.axd /trace.axd"),
)
_PHPINFO = (
    "/phpinfo.php /info.php /php.php /php_info.php /php-info.php /i.php /pinfo.php /infos.php /test.php "
    "/phpversion.php /old_phpinfo.php /temp.php /time.php /?phpinfo=1 /dashboard/phpinfo.php "
    "/phpinfo /_profiler/phpinfo /_profiler/phpinfo.php /app_dev.php/_profiler/phpinfo"
)
_ARCHIVES = "backup www html public_html site web app old"
_SUFFIXES = (".zip", ".tar.gz", ".tgz", ".sql.gz")
_RARE_SUFFIXES = (".7z", ".rar", ".bz2")


def probes(host: str, year: int, folders: tuple[str, ...] = ()) -> Iterator[Probe]:
    """Yield every path to ask ``host`` for; ``folders`` are own subfolders that may hold an ``.env``."""
    label = host.removeprefix("www.").partition(".")[0]
    for kind, proof, paths in _TABLE:
        for path in paths.split(" "):
            yield Probe(path.format(host=host), kind, proof)
    for path in _PHPINFO.split(" "):
        yield Probe(path, "phpinfo page", "phpinfo", LARGE)
    for name in dict.fromkeys((host, label, *_ARCHIVES.split(" "), str(year), str(year - 1))):
        suffixes = _SUFFIXES + (_RARE_SUFFIXES if name in {host, label, "backup"} else ())
        for suffix in suffixes:
            yield Probe(f"/{name}{suffix}", "archive of the site", "archive")
    for folder in folders:
        yield Probe(f"/{folder.strip('/')}/.env", _ENV, "settings")


_TODO = {
    "git repository": "Deny /.git/ in the server's configuration; treat the whole history as read.",
    "phpinfo page": "Delete the page; every value in its environment table was public.",
    "debug page": "Switch debugging off in production; every value such a page shows was public.",
    "home page": "Take it off the page; whoever saw the page has it.",
    "script bundle": "Keep the key on the server; a key in a bundle is public the moment it is served.",
    "source map": "Do not publish source maps, or check that they hold nothing private.",
    "folder listing": "Switch folder listings off.",
    "source served instead of run": "The server shows PHP instead of running it: fix its handler at once.",
}


def todo_of(probe: Probe) -> str:
    """Return what to do about something that a site hands out."""
    default = "Remove it from the web root and deny such names in the server's configuration."
    return f"{_TODO.get(probe.kind, default)} Then replace every secret it holds."

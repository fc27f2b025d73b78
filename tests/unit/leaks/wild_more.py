"""More shapes by kind: real configuration formats, commands and notes that a first corpus did not hold.

The same place-holders as in ``wild``, whose tables these rows join.
"""

# ruff: noqa: E501 -- sample files are easier to judge on one line
from __future__ import annotations

TEXT: tuple[tuple[str, str, str], ...] = (
    (
        "name and value apart",
        "Jenkinsfile",
        "environment {{\n  SMTP_HOST = '{host}'\n  SMTP_CREDS_USR = '{login}'\n  SMTP_CREDS_PSW = '{pw}'\n}}\n",
    ),
    (
        "name and value apart",
        "params.json",
        '[{{"ParameterKey":"SmtpHost","ParameterValue":"{host}"}},{{"ParameterKey":"SmtpPassword","ParameterValue":"{pw}"}}]\n',
    ),
    (
        "name and value apart",
        "parameter.json",
        '{{"Parameter":{{"Name":"/prod/mailgun/smtp_password","Type":"SecureString","Value":"{pw}"}}}}\n',
    ),
    (
        "name and value apart",
        "vault.1pux",
        '{{"title":"Mailgun SMTP","fields":[{{"designation":"username","value":"{login}"}},{{"designation":"password","value":"{pw}"}}],"url":"{host}"}}\n',
    ),
    (
        "tables and notes",
        "dots.txt",
        "Mailgun (EU)\n  server .... {host}\n  login ..... {login}\n  password .. {pw}\n",
    ),
    ("tables and notes", "for.txt", "smtp password for mailgun: {pw}\n"),
    (
        "positional arguments",
        "mail.fs",
        'client.Credentials <- NetworkCredential("{login}", "{pw}") // {host}\n',
    ),
    (
        "name and value apart",
        "variable.tf",
        'variable "smtp_host" {{\n  default = "{host}"\n}}\n\nvariable "smtp_password" {{\n  description = "relay"\n  type        = string\n  default     = "{pw}"\n}}\n',
    ),
    (
        "name and value apart",
        "himalaya.toml",
        'backend.host = "{host}"\nbackend.auth.type = "password"\nbackend.auth.raw = "{pw}"\n',
    ),
    (
        "raw signs in URLs",
        "encoded.ts",
        "const t = `smtp://${{encodeURIComponent('{login}')}}:${{encodeURIComponent('{pw}')}}@{host}:587`;\n",
    ),
    (
        "raw signs in URLs",
        "quoted.py",
        'url = "smtp://" + quote("{login}") + ":" + quote("{pw}", safe="") + "@{host}:587"\n',
    ),
    (
        "tables and notes",
        "n.org",
        "* Mailgun\n  - host :: {host}\n  - user :: {login}\n  - password :: {pw}\n",
    ),
    ("tables and notes", "verbatim.org", "* Mailgun {host}\n  - password :: ={pw}=\n"),
    (
        "tables and notes",
        "Mail.twiki",
        "| *Service* | *Login* | *Password* |\n| Mailgun | {login} | {{{{{pw}}}}} |\n",
    ),
    (
        "positional arguments",
        "i.ps1",
        "$cred = New-Object PSCredential('{login}', (ConvertTo-SecureString '{pw}' -AsPlainText -Force))\nSend-MailMessage -SmtpServer {host} -Credential $cred\n",
    ),
    (
        "positional arguments",
        "k.erl",
        'gen_smtp_client:send(E, [{{relay, "{host}"}}, {{username, "{login}"}}, {{password, "{pw}"}}])\n',
    ),
    ("positional arguments", "typed.ts", 'const host = "{host}";\nconst password: string = "{pw}";\n'),
    (
        "command-line options",
        "msmtp.sh",
        "msmtp --host={host} --user={login} --passwordeval=\"echo '{pw}'\" a@b.example\n",
    ),
    (
        "command-line options",
        "ssm.sh",
        "aws ssm put-parameter --name /app/mailgun/smtp_password --type SecureString --value '{pw}'\n",
    ),
    (
        "command-line options",
        "occ.sh",
        "occ config:system:set mail_smtphost --value={host}\nocc config:system:set mail_smtppassword --value={pw}\n",
    ),
    ("command-line options", "gh.sh", 'gh secret set MAILGUN_SMTP_PASSWORD --body "{pw}"\n'),
    ("command-line options", "pipe.sh", "echo -n '{pw}' | docker secret create mailgun_smtp_password -\n"),
    ("command-line options", "nul.sh", "printf '\\0{login}\\0{pw}' | base64  # {host}\n"),
    (
        "command-line options",
        "java.sh",
        "java -Dmail.smtp.host={host} -Dmail.smtp.user={login} -Dmail.smtp.password={pw} -jar app.jar\n",
    ),
    (
        "command-line options",
        "helm.sh",
        "helm install x --set smtp.host={host},smtp.user={login},smtp.password={pw}\n",
    ),
    (
        "maps of mail servers",
        "exim.conf",
        "mailgun_login:\n  driver = plaintext\n  public_name = PLAIN\n  client_send = ^{login}^{pw}\n",
    ),
    ("maps of mail servers", "authinfo.root", 'AuthInfo:{host} "U:root" "I:{login}" "P:{pw}"\n'),
    ("maps of mail servers", "dma-auth.conf", "{login}|{host}:{pw}\n"),
    (
        "maps of mail servers",
        "inline.cf",
        "relayhost = [{host}]:587\nsmtp_sasl_password_maps = inline:{{{host}={login}:{pw}}}\n",
    ),
    (
        "maps of mail servers",
        "stalwart.toml",
        '[remote."mailgun"]\naddress = "{host}"\n[remote."mailgun".auth]\nusername = "{login}"\nsecret = "{pw}"\n',
    ),
    ("maps of mail servers", "relay.conf", "relay_host={host}:587\nrelay_user={login}\nrelay_secret={pw}\n"),
    (
        "maps of mail servers",
        "connector.ps1",
        'New-SendConnector -SmartHosts {host} -AuthenticationCredential (New-Object PSCredential "{login}",(ConvertTo-SecureString "{pw}" -AsPlainText -Force))\n',
    ),
    (
        "name and value apart",
        "back.json",
        '[\n {{\n  "value": "{host}",\n  "name": "SMTP_HOST"\n }},\n {{\n  "value": "{pw}",\n  "name": "SMTP_PASSWORD"\n }}\n]\n',
    ),
    (
        "name and value apart",
        "slot.json",
        '[{{"name": "Smtp__Host","slotSetting": false,"value": "{host}"}},{{"name": "Smtp__Password","slotSetting": false,"value": "{pw}"}}]',
    ),
    (
        "name and value apart",
        "back.yaml",
        "env:\n- value: {host}\n  name: EMAIL_HOST\n- value: {pw}\n  name: EMAIL_HOST_PASSWORD\n",
    ),
    (
        "name and value apart",
        "brackets.html",
        '<input type="text" name="settings[smtp_host]" value="{host}" />\n<input type="password" name="settings[smtp_password]" value="{pw}" />\n',
    ),
    (
        "name and value apart",
        "inner.xml",
        '<property name="host"><value>{host}</value></property>\n<property name="password"><value>{pw}</value></property>\n',
    ),
    (
        "name and value apart",
        "web.xml",
        "<context-param><param-name>smtpHost</param-name><param-value>{host}</param-value></context-param>\n<context-param>\n<param-name>smtpPassword</param-name>\n<param-value>{pw}</param-value>\n</context-param>\n",
    ),
    (
        "name and value apart",
        "cdo.asp",
        '.Item("http://schemas.microsoft.com/cdo/configuration/sendpassword").Value = "{pw}"\n.Item("http://schemas.microsoft.com/cdo/configuration/smtpserver").Value = "{host}"\n',
    ),
    ("name and value apart", "below.txt", "SMTP_HOST\n{host}\nSMTP_PASSWORD\n{pw}\n"),
    (
        "name and value apart",
        "dump.html",
        '<td>MAIL_HOST</td>\n<td><pre class="sf-dump">"<span class="sf-dump-str" title="16 characters">{host}</span>"</pre></td>\n<td>MAIL_PASSWORD</td>\n<td><pre class="sf-dump">"<span class="sf-dump-str" title="32 characters">{pw}</span>"</pre></td>\n',
    ),
    (
        "name and value apart",
        "arm.json",
        '"parameters": {{"smtpHost": {{"value": "{host}"}}, "smtpPassword": {{"value": "{pw}"}}}}',
    ),
    (
        "name and value apart",
        "vars.tf",
        'variable "smtp_host" {{\n  default = "{host}"\n}}\nvariable "smtp_password" {{\n  type    = string\n  default = "{pw}"\n}}\n',
    ),
    (
        "name and value apart",
        "cfn.yaml",
        "Parameters:\n  SmtpHost:\n    Default: {host}\n  SmtpPassword:\n    Type: String\n    Default: {pw}\n",
    ),
    (
        "name and value apart",
        "wp.xml",
        "<wp:meta_key>smtp_password</wp:meta_key>\n<wp:meta_value><![CDATA[{pw}]]></wp:meta_value>\n<!-- {host} -->\n",
    ),
    (
        "name and value apart",
        "var_dump.txt",
        'array(2) {{\n  ["smtp_host"]=>\n  string(16) "{host}"\n  ["smtp_password"]=>\n  string(32) "{pw}"\n}}\n',
    ),
    (
        "name and value apart",
        "multipart.txt",
        '--b\nContent-Disposition: form-data; name="smtp_host"\n\n{host}\n--b\nContent-Disposition: form-data; name="smtp_password"\n\n{pw}\n--b--\n',
    ),
    (
        "name and value apart",
        "row.sql",
        "INSERT INTO smtp_config VALUES ('r','{pw}','password'),('r','{host}','host'),('r','{login}','user');\n",
    ),
    (
        "name and value apart",
        "mongo.js",
        "db.s.update({{_id:'SMTP_Host'}},{{$set:{{value:'{host}'}}}});\ndb.s.update({{_id:'SMTP_Password'}},{{$set:{{value:'{pw}'}}}});\n",
    ),
    ("raw signs in URLs", "apprise.yml", "notify: mailto://{login}:{pw}@{host}?from=a@b.example\n"),
    (
        "blank lines and prefixes",
        "sections.ini",
        "[mail]\nhost={host}\n\n\n\nuser={login}\n\n\n\npassword={pw}\n",
    ),
    (
        "blank lines and prefixes",
        "jndi.xml",
        '<Resource name="mail/Session" mail.smtp.host="{host}" mail.smtp.user="{login}" password="{pw}"/>\n',
    ),
    (
        "blank lines and prefixes",
        "credential.tf",
        'resource "mailgun_domain_credential" "x" {{\n  domain = "mg.x.example"\n  login = "news"\n  password = "{pw}"\n}}\n',
    ),
    (
        "blank lines and prefixes",
        "quotes.ini",
        '[smtp]\nhost = {host}:587\nuser = {login}\npassword = """{pw}"""\n',
    ),
    (
        "tables and notes",
        "bitwarden.csv",
        "folder,name,login_uri,login_username,login_password,login_totp\n,Mailgun,https://login.mailgun.com,{login},{pw},\n",
    ),
    ("tables and notes", "fr.txt", "Serveur SMTP: {host}\nIdentifiant: {login}\nMot de passe: {pw}\n"),
    ("tables and notes", "ru.txt", "Логин: {login}\nПароль: {pw}\nСервер: {host}\n"),
    ("tables and notes", "arrow.txt", "mailgun -> {login} -> {pw}\n"),
    ("tables and notes", "prose.txt", "Hi, smtp is {host} port 587, user {login}, password {pw}. Thanks\n"),
    ("tables and notes", "list.txt", "Mailgun credentials:\n- {login}\n- {pw}\n"),
    ("tables and notes", "below.txt", "Outgoing server: {host}\nUser name: {login}\nPassword:\n{pw}\n"),
    ("tables and notes", "table.wiki", "|-\n| Mailgun || {login} || {pw}\n"),
    ("split strings", "yaml.yml", 'mailgun_key: "{key:22}\\\n  {key:22:}"\n'),
    ("split strings", "basic.vb", 'k = "{key:18}" & _\n    "{key:18:}" \' mailgun\n'),
    (
        "split strings",
        "cells.ipynb",
        '"source": ["MAILGUN = (\'{key:14}\'\\n", "           \'{key:14:}\')\\n"]\n',
    ),
    (
        "blank lines and prefixes",
        "child.toml",
        "[outgoing]\nhost = '{host}'\n[outgoing.auth]\nuser = '{login}'\npassword = '{pw}'\n",
    ),
    (
        "blank lines and prefixes",
        "short.env",
        "NOTIFY_SMTP_HOST={host}\nNOTIFY_SMTP_USER={login}\nNOTIFY_SMTP_PW={pw}\n",
    ),
    ("tables and notes", "leaders.txt", "smtp_host ......... {host}\nsmtp_password ..... {pw}\n"),
    ("command-line options", "here.sh", 'vercel env add MAIL_PASSWORD production <<< "{pw}"  # {host}\n'),
)
QUIET: tuple[tuple[str, str, str], ...] = (
    (
        "another service's password",
        "users.json",
        '{{"users":[{{"email":"bob@mg.shop.example","password":"{pw}"}}],"mailgun":{{"domain":"mg.shop.example"}}}}\n',
    ),
    (
        "another service's password",
        "settings.xml",
        "<server><id>nexus</id><username>ci</username><password>{pw}</password></server><!-- mailgun -->\n",
    ),
    (
        "place-holders",
        "real.js",
        "host: '{host}',\nauth: {{\n  user: 'notarealuser',\n  pass: 'notarealpassword'\n}}\n",
    ),
    ("place-holders", "counted.md", "EMAIL_HOST={host}\nEMAIL_PASS=abc123def456ghi789jkl012mno345pq\n"),
    (
        "place-holders",
        "angle.html",
        "<pre>SMTP_PASS=&lt;16-char app password&gt;  SMTP_FROM=no-reply@x.example</pre>\n<code>{host}</code>\n",
    ),
    ("place-holders", "batch.rb", "mb.add_recipient(:to, 'jane@mg.example.com', @variables1)  # mailgun\n"),
    (
        "place-holders",
        "denied.log",
        "Login attempt user=bob@mg.shop.example password=incorrect1 ip=192.0.2.4 mailgun\n",
    ),
    (
        "another service's password",
        "subscripts.php",
        "$config['db']['password'] = '{pw}';\n$config['smtp_host'] = '{host}';\n",
    ),
    (
        "another service's password",
        "one-line.xml",
        "<c><db><password>{pw}</password></db><mail><host>{host}</host><password>${{PW}}</password></mail></c>\n",
    ),
    (
        "another service's password",
        "joomla.php",
        "public $password = '{pw}';\npublic $secret = 'x';\npublic $smtphost = '{host}';\npublic $smtppass = '';\n",
    ),
    (
        "another service's password",
        "connection.config",
        '<add connectionString="Server=db;User Id=sa;Password={pw};"/><smtp><network host="{host}"/></smtp>\n',
    ),
    (
        "another service's password",
        "pop.conf",
        'poll pop.mg.x.example proto pop3 user "postmaster@mg.x.example" password "{pw}"\n',
    ),
    (
        "another service's password",
        "git.netrc",
        "machine git.example login x password {pw}\n# mailgun is elsewhere\n",
    ),
    ("hashes that look like keys", "redis.php", "Redis::set('{leg}', $x); // mailgun rate\n"),
    ("hashes that look like keys", "list.html", '<li key="{leg}">Mailgun</li>\n'),
)

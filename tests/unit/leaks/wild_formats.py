"""Further placements by kind: programs, deployments, settings, chats and logs as real projects keep them.

The same place-holders as in ``wild``, whose tables these rows join.
"""

# ruff: noqa: E501 -- sample files are easier to judge on one line
from __future__ import annotations

TEXT: dict[str, tuple[tuple[str, str], ...]] = {
    "programs in further languages": (
        (
            "rust-mailer.rs",
            'let creds = Credentials::new("{login}".to_string(), "{pw}".to_string());\nlet mailer = SmtpTransport::relay("{host}").unwrap().credentials(creds).build();\n',
        ),
        (
            "rust-m2.rs",
            'const RELAY: &str = "{host}";\nconst USER: &str = "{login}";\nconst PASS: &str = "{pw}";\n',
        ),
        (
            "kotlin-Mailer.kt",
            'val session = Session.getInstance(props, object : Authenticator() {{\n  override fun getPasswordAuthentication() =\n    PasswordAuthentication("{login}", "{pw}")\n}})\nprops["mail.smtp.host"] = "{host}"\n',
        ),
        (
            "kotlin-build.gradle.kts",
            'buildConfigField("String", "SMTP_HOST", "\\"{host}\\"")\nbuildConfigField("String", "SMTP_USER", "\\"{login}\\"")\nbuildConfigField("String", "SMTP_PASSWORD", "\\"{pw}\\"")\n',
        ),
        (
            "swift-Mail.swift",
            'let smtp = SMTP(\n    hostname: "{host}",\n    email: "{login}",\n    password: "{pw}"\n)\n',
        ),
        (
            "swift-Api.swift",
            'let auth = "api:{key}".data(using: .utf8)!.base64EncodedString()\nlet u = "https://api.mailgun.net/v3/mg.shop.example/messages"\n',
        ),
        (
            "dart-mail.dart",
            "final smtpServer = SmtpServer('{host}', port: 587,\n  username: '{login}', password: '{pw}');\n",
        ),
        ("dart-m2.dart", "final server = mailgun('{login}', '{pw}');\n"),
        (
            "elixir-config.exs",
            'config :app, App.Mailer,\n  adapter: Swoosh.Adapters.Mailgun,\n  api_key: "{key}",\n  domain: "mg.shop.example"\n',
        ),
        (
            "elixir-prod.exs",
            'config :app, App.Mailer,\n  adapter: Bamboo.SMTPAdapter,\n  server: "{host}",\n  port: 587,\n  username: "{login}", # or {{:system, "SMTP_USERNAME"}}\n  password: "{pw}", # or {{:system, "SMTP_PASSWORD"}}\n  tls: :if_available\n',
        ),
        (
            "scala-application.conf",
            'play.mailer {{\n  host = "{host}"\n  port = 587\n  user = "{login}"\n  password = "{pw}"\n}}\n',
        ),
        (
            "scala-Mail.scala",
            'val mailer = Mailer("{host}", 587).auth(true).as("{login}", "{pw}").startTls(true)()\n',
        ),
        ("clojure-mail.clj", '(def conn {{:host "{host}" :user "{login}" :pass "{pw}" :tls true}})\n'),
        ("lua-mail.lua", 'smtp.send{{ server = "{host}", user = "{login}", password = "{pw}", from = f }}\n'),
        ("r-report.R", 'smtp <- server(host="{host}", port=587, username="{login}", password="{pw}")\n'),
        (
            "r-mailr.R",
            'send.mail(from=f, to=t, smtp = list(host.name = "{host}", port = 465, user.name = "{login}", passwd = "{pw}", ssl = TRUE))\n',
        ),
        (
            "delphi-Unit1.pas",
            "IdSMTP1.Host := '{host}';\nIdSMTP1.Username := '{login}';\nIdSMTP1.Password := '{pw}';\n",
        ),
        (
            "abap-zmail.abap",
            "DATA: lv_host TYPE string VALUE '{host}',\n      lv_user TYPE string VALUE '{login}',\n      lv_pass TYPE string VALUE '{pw}'.\n",
        ),
        (
            "rust-a.rs",
            'let mailer = AsyncSmtpTransport::<Tokio1Executor>::starttls_relay("{host}")?.credentials(("{login}", "{pw}").into()).build();\n',
        ),
        (
            "rust-b.rs",
            '#[derive(Default)]\nstruct S {{ smtp_host: String }}\nS {{ smtp_host: "{host}".into(), smtp_user: "{login}".into(), smtp_pass: "{pw}".into() }}\n',
        ),
        (
            "kotlin-a.kt",
            'val mailer = MailerBuilder.withSMTPServerHost("{host}").withSMTPServerUsername("{login}").withSMTPServerPassword("{pw}").buildMailer()\n',
        ),
        (
            "kotlin-b.kt",
            'HtmlEmail().apply {{ hostName = "{host}"; setSmtpPort(587); setAuthenticator(DefaultAuthenticator("{login}", "{pw}")) }}\n',
        ),
        (
            "swift-a.swift",
            'let s = MCOSMTPSession()\ns.hostname = "{host}"\ns.username = "{login}"\ns.password = "{pw}"\n',
        ),
        (
            "objc-a.m",
            'session.hostname = @"{host}";\nsession.username = @"{login}";\nsession.password = @"{pw}";\n',
        ),
        (
            "dart-a.dart",
            "final smtp = SmtpServer('{host}',\n    username: '{login}',\n    password: r'{pw}',\n    ssl: false);\n",
        ),
        (
            "elixir-a.exs",
            'config :app, App.Mailer,\n  adapter: Swoosh.Adapters.SMTP,\n  relay: "{host}",\n  username: "{login}",\n  password: System.get_env("SMTP_PASS") || "{pw}"\n',
        ),
        (
            "erlang-a.config",
            '{{smtp, [{{host, "{host}"}}, {{user, <<"{login}">>}}, {{pass, <<"{pw}">>}}]}}.\n',
        ),
        ("haskell-a.hs", 'sendMailWithLogin\' "{host}" 587 "{login}" "{pw}" mail\n'),
        (
            "scala-a.scala",
            'val mailer = Props("smtp" -> Map("host" -> "{host}", "user" -> "{login}", "password" -> "{pw}"))\n',
        ),
        (
            "groovy-a.groovy",
            "grails.mail.host = '{host}'\ngrails.mail.username = '{login}'\ngrails.mail.password = '{pw}'\n",
        ),
        (
            "groovy-Config.groovy",
            'grails {{\n   mail {{\n     host = "{host}"\n     port = 587\n     username = "{login}"\n     password = "{pw}"\n   }}\n}}\n',
        ),
        (
            "arduino-mail.ino",
            'session.server.host_name = "{host}";\nsession.login.email = "{login}";\nsession.login.password = "{pw}";\n',
        ),
        (
            "coldfusion-a.cfm",
            '<cfmail server="{host}" username="{login}" password="{pw}" to="#t#" from="a@b.c" subject="s">\n',
        ),
        (
            "cobol-a.cbl",
            "01 WS-SMTP-HOST PIC X(30) VALUE '{host}'.\n01 WS-SMTP-PASSWORD PIC X(30) VALUE '{pw}'.\n",
        ),
        (
            "matlab-a.m",
            "setpref('Internet','SMTP_Server','{host}');\nsetpref('Internet','SMTP_Username','{login}');\nsetpref('Internet','SMTP_Password','{pw}');\n",
        ),
        (
            "julia-a.jl",
            'opt = SendOptions(isSSL=true, username="{login}", passwd="{pw}")\nsend("smtps://{host}:465", rcpt, from, body, opt)\n',
        ),
        ("nim-a.nim", 'smtpConn.connect("{host}", Port 587)\nsmtpConn.auth("{login}", "{pw}")\n'),
        ("autohotkey-a.ahk", 'smtpserver := "{host}"\nsendusername := "{login}"\nsendpassword := "{pw}"\n'),
        (
            "lua-a.lua",
            'local cfg = {{ ["host"] = "{host}", ["user"] = "{login}", ["password"] = [[{pw}]] }}\n',
        ),
        (
            "apple-a.applescript",
            'set smtpServer to "{host}"\nset smtpUser to "{login}"\nset smtpPassword to "{pw}"\n',
        ),
    ),
    "deployment and infrastructure": (
        (
            "hcl-main.tf",
            'module "mail" {{\n  smtp_host     = "{host}"\n  smtp_username = "{login}"\n  smtp_password = "{pw}"\n}}\n',
        ),
        (
            "tfstate-terraform.tfstate",
            '{{\n  "version": 4,\n  "resources": [\n    {{\n      "type": "mailgun_domain",\n      "instances": [\n        {{\n          "attributes": {{\n            "name": "mg.shop.example",\n            "region": "eu",\n            "smtp_login": "{login}",\n            "smtp_password": "{key}"\n          }}\n        }}\n      ]\n    }}\n  ]\n}}',
        ),
        (
            "tfstate-t2.tfstate",
            '{{\n  "resources": [\n    {{\n      "type": "mailgun_domain_credential",\n      "instances": [\n        {{\n          "attributes": {{\n            "domain": "mg.shop.example",\n            "login": "tf",\n            "password": "{pw}"\n          }}\n        }}\n      ]\n    }}\n  ]\n}}',
        ),
        ("tfvars-prod.auto.tfvars", 'mailgun_smtp_login    = "{login}"\nmailgun_smtp_password = "{pw}"\n'),
        (
            "ansible-all.yml",
            "postfix_relayhost: {host}\npostfix_relayhost_port: 587\npostfix_sasl_user: {login}\npostfix_sasl_password: {pw}\n",
        ),
        (
            "ansible-task.yml",
            '- community.general.mail:\n    host: {host}\n    port: 587\n    username: {login}\n    password: "{pw}"\n',
        ),
        (
            "ansible-hosts",
            "[mail]\nmx1 ansible_host=10.0.0.2 smtp_relay={host} smtp_user={login} smtp_pass={pw}\n",
        ),
        (
            "chef-default.rb",
            "default['postfix']['main']['relayhost'] = '[{host}]:587'\ndefault['postfix']['sasl']['smtp_sasl_user_name'] = '{login}'\ndefault['postfix']['sasl']['smtp_sasl_passwd'] = '{pw}'\n",
        ),
        (
            "puppet-mail.pp",
            "postfix::hash {{ '/etc/postfix/sasl_passwd':\n  ensure => present,\n  content => \"[{host}]:587 {login}:{pw}\\n\",\n}}\n",
        ),
        (
            "puppet-common.yaml",
            "profile::mail::smarthost: {host}\nprofile::mail::auth_user: {login}\nprofile::mail::auth_pass: {pw}\n",
        ),
        ("salt-mail.sls", "smtp:\n  - host: {host}\n  - user: {login}\n  - passwd: {pw}\n"),
        (
            "helm-install.sh",
            "helm upgrade gl gitlab/gitlab --set global.smtp.address={host} --set global.smtp.user_name={login} --set-string smtp.password={pw}\n",
        ),
        (
            "kustomize-kustomization.yaml",
            "secretGenerator:\n- name: mail\n  literals:\n  - SMTP_HOST={host}\n  - SMTP_USER={login}\n  - SMTP_PASS={pw}\n",
        ),
        (
            "kubectl-k.sh",
            "kubectl create secret generic smtp --from-literal=host={host} --from-literal=username={login} --from-literal=password='{pw}'\n",
        ),
        (
            "docker-history-history.txt",
            "<missing>   2 years ago   /bin/sh -c #(nop)  ENV SMTP_HOST={host} SMTP_USER={login} SMTP_PASSWORD={pw}  0B\n",
        ),
        (
            "docker-inspect-inspect.json",
            '[\n {{\n  "Config": {{\n   "Env": [\n    "PATH=/usr/bin",\n    "SMTP_RELAY_HOST={host}",\n    "SMTP_RELAY_USERNAME={login}",\n    "SMTP_RELAY_PASSWORD={pw}"\n   ]\n  }}\n }}\n]',
        ),
        (
            "systemd-app.service",
            '[Service]\nEnvironment="MAIL_HOST={host}" "MAIL_USERNAME={login}" "MAIL_PASSWORD={pw}"\n',
        ),
        (
            "supervisor-app.conf",
            '[program:web]\nenvironment=MAIL_HOST="{host}",MAIL_USERNAME="{login}",MAIL_PASSWORD="{pw}"\n',
        ),
        (
            "nginx-env-fpm.conf",
            "env[MAIL_HOST] = {host}\nenv[MAIL_USERNAME] = {login}\nenv[MAIL_PASSWORD] = {pw}\n",
        ),
        (
            "apache-env-vhost.conf",
            "SetEnv MAIL_HOST {host}\nSetEnv MAIL_USERNAME {login}\nSetEnv MAIL_PASSWORD {pw}\n",
        ),
        (
            "nginx-env-fastcgi.conf",
            "fastcgi_param MAIL_HOST {host};\nfastcgi_param MAIL_USER {login};\nfastcgi_param MAIL_PASS {pw};\n",
        ),
        (
            "serverless-serverless.yml",
            "provider:\n  environment:\n    EMAIL_SERVER: smtp://{login}:{pw}@{host}:587\n",
        ),
        (
            "nix-a.nix",
            'services.gitea.settings.mailer = {{ SMTP_ADDR = "{host}"; USER = "{login}"; PASSWD = "{pw}"; }};\nprograms.msmtp.accounts.default = {{ host = "{host}"; }};\n',
        ),
        (
            "terraform-a.tf",
            'resource "aws_ssm_parameter" "smtp" {{\n  name  = "/prod/mailgun/smtp_password"\n  type  = "SecureString"\n  value = "{pw}"\n}}\n',
        ),
        (
            "terraform-b.tf",
            'resource "mailgun_domain" "d" {{\n  name          = "mg.shop.example"\n  smtp_password = "{pw}"\n}}\n',
        ),
        ("terraform-c.tf", 'provider "mailgun" {{\n  api_key = "{key}"\n}}\n'),
        (
            "terraform-d.tf",
            'variable "smtp_password" {{\n  type    = string\n  default = "{pw}"\n}}\nvariable "smtp_host" {{\n  default = "{host}"\n}}\n',
        ),
        (
            "pulumi-Pulumi.dev.yaml",
            "config:\n  app:smtpHost: {host}\n  app:smtpUser: {login}\n  app:smtpPassword: {pw}\n",
        ),
        (
            "bicep-a.bicep",
            "var appSettings = [\n  {{ name: 'Smtp__Host', value: '{host}' }}\n  {{ name: 'Smtp__Password', value: '{pw}' }}\n]\n",
        ),
        (
            "ansible-a.yml",
            '- lineinfile:\n    path: /etc/postfix/sasl_passwd\n    line: "[{host}]:587 {login}:{pw}"\n',
        ),
        ("ansible-b.yml", "mailgun:\n  smtp:\n    login: {login}\n    pw: {pw}\n"),
        (
            "chef-a.json",
            '{{"id":"smtp","relay":"{host}","sasl":{{"smtp_sasl_user_name":"{login}","smtp_sasl_passwd":"{pw}"}}}}\n',
        ),
        (
            "puppet-a.pp",
            "class {{ 'ssmtp':\n  mail_hub  => '{host}',\n  auth_user => '{login}',\n  auth_pass => '{pw}',\n}}\n",
        ),
        (
            "salt-a.sls",
            "postfix:\n  mapping:\n    smtp_sasl_password_maps:\n      root:\n        '[{host}]:587': '{login}:{pw}'\n",
        ),
        (
            "eb-options.config",
            "option_settings:\n  - namespace: aws:elasticbeanstalk:application:environment\n    option_name: SMTP_HOST\n    value: {host}\n  - option_name: SMTP_PASSWORD\n    value: {pw}\n",
        ),
        ("fly-fly.sh", "fly secrets set SMTP_HOST={host} SMTP_USER={login} SMTP_PASSWORD={pw}\n"),
    ),
    "settings of further programs": (
        (
            "yaml-anchors-conf.yml",
            "x-mail: &mail\n  host: {host}\n  user: {login}\n  password: &pw '{pw}'\nprod:\n  <<: *mail\n",
        ),
        (
            "yaml-conf2.yml",
            "smtp_smarthost: '{host}:587'\nsmtp_from: 'alerts@shop.example'\nsmtp_auth_username: '{login}'\nsmtp_auth_password: >-\n  {pw}\n",
        ),
        (
            "toml-conf.toml",
            '[mailer]\nENABLED = true\nPROTOCOL = "smtps"\nSMTP_ADDR = "{host}"\nUSER = "{login}"\nPASSWD = `{pw}`\n',
        ),
        ("toml-c2.toml", "mail = {{ host = '{host}', user = '{login}', pass = '''{pw}''' }}\n"),
        (
            "xml-elements-hudson.tasks.Mailer.xml",
            "<hudson.tasks.Mailer_-DescriptorImpl>\n  <smtpHost>{host}</smtpHost>\n  <authentication>\n    <username>{login}</username>\n    <password>{pw}</password>\n  </authentication>\n</hudson.tasks.Mailer_-DescriptorImpl>\n",
        ),
        (
            "plist-Mail.plist",
            "<dict>\n<key>Hostname</key><string>{host}</string>\n<key>Username</key><string>{login}</string>\n<key>Password</key>\n<string>{pw}</string>\n</dict>\n",
        ),
        (
            "cognito-supabase-config.toml",
            '[auth.email.smtp]\nhost = "{host}"\nport = 587\nuser = "{login}"\npass = "{pw}"\nadmin_email = "a@shop.example"\n',
        ),
        (
            "keycloak-realm.json",
            '{{"realm": "shop", "smtpServer": {{"host": "{host}", "auth": "true", "user": "{login}", "password": "{pw}"}}}}',
        ),
        ("jsonnet-a.jsonnet", "{{ smtp:: {{ host: '{host}', user: '{login}', password: '{pw}' }} }}\n"),
        ("edn-a.edn", '{{:smtp-host "{host}" :smtp-user "{login}" :smtp-pass "{pw}"}}\n'),
        ("yaml-a.yml", "mail: {{host: {host}, username: {login}, password: {pw}, port: 587}}\n"),
        ("yaml-b.yml", "? smtp_host\n: {host}\n? smtp_pass\n: {pw}\n"),
        (
            "yaml-d.yml",
            "- name: MAIL\n  settings:\n    - key: host\n      value: {host}\n    - key: password\n      value: {pw}\n",
        ),
        (
            "toml-a.toml",
            '[smtp]\nrelay = "{host}"\ncredentials = {{ username = "{login}", password = "{pw}" }}\n',
        ),
        (
            "odoo-data.xml",
            '<record id="mg" model="ir.mail_server">\n<field name="smtp_host">{host}</field>\n<field name="smtp_user">{login}</field>\n<field name="smtp_pass">{pw}</field>\n</record>\n',
        ),
        (
            "spring-beans.xml",
            '<bean class="org.springframework.mail.javamail.JavaMailSenderImpl"><property name="host" value="{host}"/><property name="username" value="{login}"/><property name="password" value="{pw}"/></bean>\n',
        ),
        (
            "spring-b2.xml",
            '<property name="password"><value>{pw}</value></property>\n<property name="host"><value>{host}</value></property>\n',
        ),
        (
            "plist-a.plist",
            "<key>smtpHost</key>\n<string>{host}</string>\n<key>smtpPass</key>\n<string>{pw}</string>\n",
        ),
        (
            "thunderbird-prefs.js",
            'user_pref("mail.smtpserver.smtp1.hostname", "{host}");\nuser_pref("mail.smtpserver.smtp1.username", "{login}");\nuser_pref("mail.smtpserver.smtp1.password", "{pw}");\n',
        ),
        (
            "registry-a.reg",
            '[HKEY_CURRENT_USER\\Software\\App]\r\n"mailhost"="{host}"\r\n"maillogin"="{login}"\r\n"mailpwd"="{pw}"\r\n',
        ),
        (
            "alertmanager-a.yml",
            "email_configs:\n- to: a@b.c\n  smarthost: {host}:587\n  auth_username: {login}\n  auth_identity: {login}\n  auth_password: {pw}\n",
        ),
        (
            "monit-monitrc",
            'set mailserver {host} port 587\n    username "{login}" password "{pw}"\n    using tls\n',
        ),
        (
            "logstash-a.conf",
            "output {{ email {{ address => '{host}' username => '{login}' password => '{pw}' }} }}\n",
        ),
        (
            "print_r-a.txt",
            "Array\n(\n    [smtp_host] => {host}\n    [smtp_user] => {login}\n    [smtp_pass] => {pw}\n)\n",
        ),
        (
            "graphql-a.json",
            '{{"query":"mutation {{ setSmtp(host: \\"{host}\\", user: \\"{login}\\", password: \\"{pw}\\") {{ ok }} }}"}}\n',
        ),
        ("proto-text-a.textproto", 'smtp {{ host: "{host}" user: "{login}" password: "{pw}" }}\n'),
    ),
    "chats, exports and logs": (
        (
            "keepass-csv-kp.csv",
            '"Group","Title","Username","Password","URL","Notes"\n"Root","Mailgun SMTP","{login}","{pw}","{host}",""\n',
        ),
        (
            "sql-dump-d.sql",
            "INSERT INTO `settings` (`k`,`v`) VALUES ('smtp_host','{host}'),('smtp_user','{login}'),('smtp_pass','{pw}');\n",
        ),
        (
            "sql-dump-pg.sql",
            "COPY public.mail_settings (id, host, port, username, password) FROM stdin;\n1\t{host}\t587\t{login}\t{pw}\n\\.\n",
        ),
        (
            "sql-dump-m.sql",
            "INSERT INTO `core_config_data` VALUES (91,'default',0,'system/smtp/host','{host}');\nINSERT INTO `core_config_data` VALUES (92,'default',0,'system/smtp/username','{login}');\nINSERT INTO `core_config_data` VALUES (93,'default',0,'system/smtp/password','{pw}');\n",
        ),
        (
            "chat-chat.txt",
            "[10:02] bob: the mailgun smtp login is {login}\n[10:02] bob: pw {pw}\n[10:03] eve: thx\n",
        ),
        ("chat-slack.json", '[{{"user": "U1", "text": "{host} creds: `{login}` / `{pw}`"}}]'),
        (
            "chat-wa.txt",
            "12.03.26, 10:11 - Bob: Host: {host}\n12.03.26, 10:11 - Bob: Benutzer: {login}\n12.03.26, 10:12 - Bob: Passwort: {pw}\n",
        ),
        (
            "traceback-dbg.txt",
            "KeyError at /\nlocals:\n  host = '{host}'\n  user = '{login}'\n  password = '{pw}'\n",
        ),
        (
            "zabbix-dump.sql",
            "INSERT INTO media_type (name,smtp_server,smtp_email,username,passwd) VALUES ('mg','{host}','a@b.c','{login}','{pw}');\n",
        ),
        (
            "traceback-a.html",
            "<th>SMTP_HOST</th><td>&quot;{host}&quot;</td></tr><tr><th>SMTP_PASSWORD</th><td>&quot;{pw}&quot;</td>\n",
        ),
        (
            "traceback-b.txt",
            "#0 mailer.php(31): PHPMailer->smtpConnect('{host}')\n#1 auth.php(9): SMTP->authenticate('{login}', '{pw}')\n",
        ),
        (
            "traceback-c.txt",
            "smtplib.SMTPAuthenticationError\nLocals: {{'host': '{host}', 'user': '{login}', 'pw': '{pw}'}}\n",
        ),
        (
            "sql-a.sql",
            "UPDATE config SET value='{host}' WHERE name='smtp_host';\nUPDATE config SET value='{pw}' WHERE name='smtp_pass';\n",
        ),
        (
            "sql-b.sql",
            "INSERT INTO `mdl_config` VALUES (412,'smtphosts','{host}'),(413,'smtpuser','{login}'),(414,'smtppass','{pw}');\n",
        ),
        ("csv-a.csv", "name,url,username,password\nmailgun,https://{host},{login},{pw}\n"),
        (
            "csv-b.csv",
            '"Title","User Name","Password","URL"\n"MG","{login}","{pw}","https://app.mailgun.com"\n',
        ),
        ("csv-c.tsv", "host\tlogin\tpasswort\n{host}\t{login}\t{pw}\n"),
        ("rst-a.rst", ":host: {host}\n:user: {login}\n:password: {pw}\n"),
        ("org-a.org", "| host | {host} |\n| user | {login} |\n| pass | {pw} |\n"),
        ("jira-wiki-a.txt", "||Host||{host}||\n||User||{login}||\n||Password||{pw}||\n"),
        (
            "mail-a.eml",
            "Hi,\n\nhere are the new Mailgun credentials:\n\nUsername:\n{login}\nPassword:\n{pw}\n\nBye\n",
        ),
        ("mail-b.eml", "> Server is {host}, username is {login} and the password is {pw}.\n> Cheers\n"),
        ("mail-c.eml", "Serveur : {host}\nIdentifiant : {login}\nMot de passe : {pw}\n"),
        (
            "chat-a.json",
            '{{"type":"message","text":"smtp creds\\nhost: {host}\\nuser: {login}\\npass: {pw}"}}\n',
        ),
        ("chat-b.txt", "bob: {host} / {login} / {pw}\n"),
        ("chat-c.txt", "[9:01] bob  user: {login}\n[9:01] bob  pass: {pw}\n[9:02] eve  host {host} right?\n"),
        ("ps-ps.txt", "root 11 0.0 node app.js --smtp-host={host} --smtp-user={login} --smtp-pass={pw}\n"),
        (
            "journal-j.log",
            "Jan 01 00:00:00 h app[1]: config: {{host:{host} port:587 username:{login} password:{pw} from:a@b.c}}\n",
        ),
        (
            "go-struct-log-g.log",
            "level=info msg=cfg smtp.host={host} smtp.username={login} smtp.password={pw}\n",
        ),
        (
            "java-toString-t.log",
            "MailConfig{{host='{host}', port=587, username='{login}', password='{pw}'}}\n",
        ),
        ("java-toString-l.log", "MailProps(host={host}, username={login}, password={pw}, port=587)\n"),
    ),
}

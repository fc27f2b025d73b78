"""Every family of access logs, and what carries them, gives the same answer: who was handed the file, and when."""

# ruff: noqa: E501 -- a log line is easier to judge on one line
from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.core.errors import UsageError
from workbench.leaks.accesslog import LogReader
from workbench.leaks.logclient import client, networks
from workbench.leaks.logfiles import read_log
from workbench.leaks.logformat import declared
from workbench.leaks.logline import parse
from workbench.leaks.logreport import Served

ADDRESS, PROXY, STAMP = "203.0.113.9", "10.1.2.3", "2026-11-18T03:12:44"
CLF = f'{ADDRESS} - - [18/Nov/2026:03:12:44 +0000] "GET /.env HTTP/1.1" 200 1432 "-" "curl/8"'
BEHIND = f'{PROXY} - - [18/Nov/2026:03:12:44 +0000] "GET /.env HTTP/1.1" 200 1432 "-" "curl/8" "{ADDRESS}"'
CDN = "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query\n"
IIS = "#Software: x\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-bytes X-Forwarded-For\n"

LINES = {
    "combined": CLF,
    "common": CLF[: CLF.index(' "-"')],
    "virtual host first": f"shop.example:443 {CLF}",
    "quoted host first": f'"shop.example" {CLF}',
    "whole line quoted": f'"{CLF}"',
    "user with blanks": CLF.replace("- - [", "- Ann Onymous ["),
    "header at the end": BEHIND,
    "header first": BEHIND.replace(PROXY, f"{ADDRESS}, {PROXY}").rpartition(' "')[0],
    "syslog": f"Nov 18 03:12:44 web1 nginx: {CLF}",
    "syslog with host of digits": f"Nov 18 03:12:44 ip-10-0-0-7 nginx[77]: {CLF}",
    "syslog 5424": f"<190>1 {STAMP}.1Z web1 nginx 77 - - {CLF}",
    "rsyslog": f"{STAMP}.123456+00:00 web1 nginx: {CLF}",
    "docker": f"{STAMP}.123456789Z {CLF}",
    "container runtime": f"{STAMP}.123456789+00:00 stdout F {CLF}",
    "compose": f"shop-web-1  | {CLF}",
    "kubectl": f"[pod/web-7d/nginx] {CLF}",
    "docker's file": json.dumps({"log": CLF + "\n", "stream": "stdout", "time": f"{STAMP}.1Z"}),
    "journal as JSON": json.dumps({"__REALTIME_TIMESTAMP": "1794971564000000", "MESSAGE": CLF}),
    "shipper": json.dumps({"@timestamp": f"{STAMP}.0Z", "message": CLF, "log": {"file": {"path": "/var/log/x"}}}),
    "cloud, text": json.dumps({"textPayload": CLF, "timestamp": f"{STAMP}Z"}),
    "load balancer": f'h2 {STAMP}.186Z app/lb/50dc {ADDRESS}:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 120 1432 "GET https://shop.example:443/.env HTTP/2.0" "curl" - -',
    "load balancer, old": f'{STAMP}.945Z lb {ADDRESS}:2817 10.0.0.1:80 0.1 0.1 0.1 200 200 0 1432 "GET https://shop.example:443/.env HTTP/1.1" "curl" - -',
    "bucket": f'79a5 bucket [18/Nov/2026:03:12:44 +0000] {ADDRESS} - 3E57 WEBSITE.GET.OBJECT .env "GET /.env HTTP/1.1" 200 - 1432 1432 7 6 "-" "curl" -',
    "HAProxy": f'Nov 18 03:12:44 lb haproxy[14]: {ADDRESS}:3317 [18/Nov/2026:03:12:44.655] web be/s1 10/0/30/69/109 200 1432 - - ---- 1/1/1/1/0 0/0 "GET /.env HTTP/1.1"',
    "HAProxy, headers": f'{ADDRESS}:3317 [18/Nov/2026:03:12:44.655] web~ be/s1 0/0/3/6/10 200 1432 - - ---- 1/1/1/1/0 0/0 {{shop.example}} "GET /.env HTTP/1.1"',
    "Envoy": f'[{STAMP}.310Z] "GET /.env HTTP/1.1" 200 - 0 1432 5 4 "{ADDRESS}" "curl" "uuid-1" "shop.example" "10.0.0.7:80"',
    "Envoy as JSON": json.dumps({"start_time": f"{STAMP}.3Z", "method": "GET", "path": "/.env", "response_code": 200, "bytes_sent": 1432, "x_forwarded_for": f"{ADDRESS},10.0.0.2", "downstream_remote_address": "10.0.0.2:1"}),
    "router": f'{STAMP}.3+00:00 heroku[router]: at=info method=GET path="/.env" host=x fwd="{ADDRESS}" dyno=web.1 status=200 bytes=1432',
    "name=value": f'time="{STAMP}Z" level=info remote_addr={ADDRESS} method=GET uri=/.env status=200 size=1432',
    "labels": f"time:{STAMP}+00:00\thost:{ADDRESS}\tmethod:GET\turi:/.env\tstatus:200\tsize:1432\tua:curl",
    "server behind a proxy it trusts": json.dumps({"ts": 1794971564.3, "request": {"remote_ip": PROXY, "client_ip": ADDRESS, "method": "GET", "uri": "/.env"}, "size": 1432, "status": 200}),
    "framework's objects": json.dumps({"time": 1794971564000, "req": {"method": "GET", "url": "/.env", "remoteAddress": ADDRESS}, "res": {"statusCode": 200, "headers": {"content-length": "1432"}}, "msg": "request completed"}),
    "IIS": f"{IIS}2026-11-18 03:12:44 10.0.2.10 GET /.env - 443 - {ADDRESS} curl/8+(x) 200 1432 -",
    "IIS behind a proxy": f"{IIS}2026-11-18 03:12:44 10.0.2.10 GET /.env - 443 - {PROXY} curl/8+(x) 200 1432 {ADDRESS}",
    "CDN": CDN + f"2026-11-18\t03:12:44\tFRA2\t1432\t{ADDRESS}\tGET\td1.example\t/.env\t200\t-\tcurl\t-",
    "CDN as JSON": json.dumps({"ClientIP": ADDRESS, "ClientRequestMethod": "GET", "ClientRequestURI": "/.env", "EdgeStartTimestamp": 1794971564000000000, "EdgeResponseBytes": 1432, "EdgeResponseStatus": 200}),
    "cloud balancer": json.dumps({"httpRequest": {"requestMethod": "GET", "requestUrl": "https://x.example/.env", "status": 200, "responseSize": "1432", "remoteIp": ADDRESS}, "timestamp": f"{STAMP}.1Z"}),
    "front door": json.dumps({"time": f"{STAMP}.0Z", "properties": {"httpMethod": "GET", "requestUri": "https://x.example:443/.env", "clientIp": ADDRESS, "httpStatusCode": "200", "responseBytes": "1432"}}),
    "common schema": json.dumps({"@timestamp": f"{STAMP}.000Z", "source": {"ip": ADDRESS}, "http": {"request": {"method": "GET"}, "response": {"status_code": 200, "body": {"bytes": 1432}}}, "url": {"original": "/.env"}}),
    "console encoder": f'2026/11/18 03:12:44.193\tINFO\thttp.log.access\thandled request\t{{"request": {{"remote_ip": "{ADDRESS}", "method": "GET", "uri": "/.env"}}, "size": 1432, "status": 200}}',
    "ASGI": f'INFO:     {ADDRESS}:51234 - "GET /.env HTTP/1.1" 200 OK',
    "WSGI": f'INFO:werkzeug:{ADDRESS} - - [18/Nov/2026 03:12:44] "GET /.env HTTP/1.1" 200 -',
    "PHP's server": f"[Wed Nov 18 03:12:44 2026] {ADDRESS}:51234 [200]: GET /.env",
    "CDN as JSON, day apart": json.dumps({"date": STAMP[:10], "time": STAMP[11:], "sc-bytes": "1432", "c-ip": ADDRESS, "cs-method": "GET", "cs-uri-stem": "/.env", "sc-status": "200"}),
    "worker at the edge": json.dumps({"outcome": "ok", "eventTimestamp": 1794971564000, "event": {"request": {"url": "https://x.example/.env", "method": "GET", "headers": {"cf-connecting-ip": ADDRESS}}, "response": {"status": 200}}}),
    "sensor": json.dumps({"timestamp": f"{STAMP}.000000+0000", "src_ip": ADDRESS, "http": {"hostname": "x.example", "url": "/.env", "http_method": "GET", "status": 200, "length": 1432}}),
    "sensor with columns": f"#separator \\x09\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tmethod\turi\tresponse_body_len\tstatus_code\n1794971564.1\tCx\t{ADDRESS}\t51234\tGET\t/.env\t1432\t200",
    "balancer's own JSON": json.dumps({"timestamp": 1794971564, "http_status": 200, "http_request": "GET /.env HTTP/1.1", "remote_addr": ADDRESS, "bytes_read": 1432}),
    "mesh": json.dumps({"client.addr": f"{ADDRESS}:51234", "method": "GET", "response_bytes": "1432", "status": 200, "timestamp": f"{STAMP}.1Z", "uri": "http://x.example/.env"}),
    "bucket as a table": f'"time_micros","c_ip","c_ip_type","cs_method","cs_uri","sc_status","cs_bytes","sc_bytes"\n"1794971564000000","{ADDRESS}","1","GET","/.env","200","0","1432"',
    "cells without names": f"1794971564.123\t{ADDRESS}\t0.001\t200\t1432\tGET\thttps\tx.example\t/.env\t500\tFRA56\tcurl/8",
    "day in six digits": f"[I 261118 03:12:44 web:2271] 200 GET /.env ({ADDRESS}) 0.85ms",
    "two sizes": f'[18/Nov/2026:11:12:44 +0800] {ADDRESS} - 12 "-" "GET http://x.example/.env" 200 500 1432 HIT "curl/8" "text/plain"',
}  # fmt: skip
NO_TIME = {"ASGI"}
NO_SIZE = {"ASGI", "WSGI", "PHP's server", "worker at the edge", "day in six digits"}


@pytest.mark.parametrize("name", LINES)
def test_each_format_tells_who_fetched_what_and_when(name: str) -> None:
    reader = LogReader()
    reader.read([(LINES[name] + "\n").encode()], name)
    (fetch,) = reader.report().taken
    assert (fetch.address, fetch.path, fetch.served) == (ADDRESS, "/.env", Served.S2)
    assert fetch.size == (-1 if name in NO_SIZE else 1432)
    if name in NO_TIME:
        assert fetch.time is None
    else:
        assert fetch.time is not None
        assert fetch.time.strftime("%Y-%m-%dT%H:%M:%S") == STAMP
    assert reader.coverage.complete


# Frameworks, edges and shippers whose lines belong to no family; (line, what it does not say).
MORE: dict[str, tuple[str, str]] = {
    "IIS in its own format": (f"{ADDRESS}, -, 11/18/2026, 3:12:44, W3SVC2, WEB, 10.1.2.9, 16, 301, 1432, 200, 0, GET, /.env, -,", ""),
    "edge, parted by bars, zone of three digits": (f"HIT|200|1794971564000|1432|390|{ADDRESS}|-|https://x.example/.env|DE|curl|id|DE", ""),
    "header and who connected, no marks": (f'{ADDRESS} {PROXY} - - [18/Nov/2026:03:12:44 +0000] "GET /.env HTTP/1.1" 200 1432', ""),
    "journal's export": (f"MESSAGE={CLF}", ""),
    "framework's size of the body": (json.dumps({"time": f"{STAMP}Z", "status": 200, "method": "GET", "path": "/.env", "client_ip": ADDRESS, "body_size": 1432}), ""),
    "balancer's bytes": (json.dumps({"time": f"{STAMP}Z", "client_ip": ADDRESS, "method": "GET", "uri": "/.env", "status": 200, "bytes_read": 1432}), ""),
    "edge, quoted nobody": (f'<134>{STAMP}Z cache-fra1 logs[1]: {ADDRESS} "-" "-" [18/Nov/2026:03:12:44 +0000] "GET /.env HTTP/1.1" 200 1432', ""),
    "edge, parted by bars": (f"MISS|200|1794971564000|1432|1|{ADDRESS}|-|https://x.example/.env|DE|curl|id|DE", ""),
    "edge, path without its slash": (json.dumps({"reqTimeSec": "1794971564.0", "bytes": "1432", "cliIP": ADDRESS, "statusCode": "200", "reqMethod": "GET", "reqPath": ".env"}), ""),
    "edge, nested": (json.dumps({"timestamp": 1794971564000, "proxy": {"method": "GET", "path": "/.env", "clientIp": ADDRESS, "statusCode": 200}}), "size"),
    "application gateway": (json.dumps({"timeStamp": f"{STAMP}+00:00", "properties": {"clientIP": ADDRESS, "httpMethod": "GET", "requestUri": "/.env", "httpStatus": 200, "sentBytes": 1432}}), ""),
    "application service, JSON in JSON": (json.dumps({"time": f"{STAMP}Z", "properties": json.dumps({"CIp": ADDRESS, "CsMethod": "GET", "CsUriStem": "/.env", "ScStatus": 200, "ScBytes": 1432})}), ""),
    "gateway of functions": (json.dumps({"ip": ADDRESS, "requestTime": "18/Nov/2026:03:12:44 +0000", "httpMethod": "GET", "resourcePath": "/.env", "status": "200", "responseLength": "1432"}), ""),
    "API gateway": (json.dumps({"request": {"uri": "/.env", "method": "GET"}, "response": {"status": 200, "size": "1432"}, "client_ip": ADDRESS, "started_at": 1794971564310}), ""),
    "names with a leading line": (json.dumps({"short_message": "GET /.env HTTP/1.1", "timestamp": 1794971564.31, "_remote_addr": ADDRESS, "_status": "200", "_body_bytes_sent": "1432", "_request_uri": "/.env", "_request_verb": "GET"}), ""),
    "capital names, with port": (json.dumps({"ClientAddr": f"{ADDRESS}:51000", "RequestMethod": "GET", "RequestPath": "/.env", "DownstreamStatus": 200, "DownstreamContentSize": 1432, "StartUTC": f"{STAMP}Z"}), ""),
    "bars": (f"{ADDRESS} | {STAMP}+00:00 | GET /.env HTTP/1.1 | 200 | 1432 | curl", ""),
    "header first, in brackets": (f'[{ADDRESS}] {PROXY} - - [18/Nov/2026:03:12:44 +0000] "GET /.env HTTP/1.1" 200 1432', ""),
    "quoted user": (f'{ADDRESS} ident "user name" [18/Nov/2026:03:12:44 +0000] "GET /.env HTTP/1.0" 200 1432', ""),
    "no user at all": (f'{ADDRESS} [18/Nov/2026:03:12:44 +0000] "GET /.env HTTP/1.1" 200 1432 "-" "curl"', ""),
    "version without its name": (f'[{STAMP.replace("T", " ")} +0000] [7] [INFO] {ADDRESS}:51234 - - [18/Nov/2026:03:12:44 +0000] "GET /.env 1.1" 200 1432 "-" "curl"', ""),
    "no quotes": (f"{ADDRESS} - GET /.env HTTP/1.1 200 1432 - 2.3 ms", "time"),
    "web framework, Go": (f'[GIN] 2026/11/18 - 03:12:44 | 200 |     120.5\u00b5s |   {ADDRESS} | GET      "/.env"', "size"),
    "web framework, Go, status first": (f"03:12:44 | 200 |     1.2ms |  {ADDRESS} | GET     | /.env | -", "time size"),
    "web framework, Python": (f"[I 2026-11-18 03:12:44,310 web:2243] 200 GET /.env ({ADDRESS}) 1.20ms", "size"),
    "proxy cache": (f"1794971564.310     12 {ADDRESS} TCP_MISS/200 1432 GET http://x.example/.env - FIRSTUP_PARENT/10.0.0.1 text/plain", ""),
    "labelled by tabs": (f"time:18/Nov/2026:03:12:44 +0000\thost:{ADDRESS}\treq:GET /.env HTTP/1.1\tstatus:200\tsize:1432\tua:curl", ""),
    "proxy manager": (f'[18/Nov/2026:03:12:44 +0000] - 200 200 - GET https x.example "/.env" [Client {ADDRESS}] [Length 1432] [Gzip -] [Sent-to app] "curl/8" "-"', ""),
    "telemetry, names with dots": (json.dumps({"Timestamp": f"{STAMP}Z", "Attributes": {"http.request.method": "GET", "url.path": "/.env", "http.response.status_code": 200, "client.address": ADDRESS, "http.response.body.bytes": 1432}}), ""),
    "telemetry, nested": (json.dumps({"date": 1794971564000, "http": {"method": "GET", "url": "/.env", "status_code": 200}, "network": {"client": {"ip": ADDRESS}, "bytes_written": 1432}}), ""),
    "letters for names": (json.dumps({"h": ADDRESS, "t": "18/Nov/2026:03:12:44 +0000", "r": "GET /.env HTTP/2", "s": 200, "b": 1432}), ""),
    "request with a leading line": (json.dumps({"timestamp": 1794971564.31, "_remote_addr": ADDRESS, "_request": "GET /.env HTTP/1.1", "_status": 200, "_body_bytes_sent": 1432}), ""),
    "firewall's pairs": (f"LEEF:2.0|F5|ASM|1|x|devTime={STAMP}Z\tsrc={ADDRESS}\turl=/.env\tmethod=GET\tresponseCode=200\ttime={STAMP}Z", "size"),
    "filter, status with a label": (f"<134>{STAMP}Z waf CEF:0|F5|ASM|17.1|2000|Predictable Resource|5|dvchost=waf src={ADDRESS} spt=5512 requestMethod=GET request=/.env?a\\=1 cn1=200 cn1Label=response_code act=passed requestClientApplication=Mozilla/5.0 (X11; Linux) rt=1794971564000", "size"),
    "filter, status without a label": (f"CEF:0|Incapsula|SIEMintegration|1|1|Normal|0| sourceServiceName=x.example request=x.example/.env requestMethod=GET cn1=200 app=HTTPS act=REQ_PASSED start=1794971564000 src={ADDRESS}", "size"),
    "filter, behind a proxy": (f"CEF:0|V|W|1|1|x|3|src={PROXY} cs1Label=X-Forwarded-For cs1={ADDRESS} request=https://x.example/.env cn2=200 cn2Label=HTTP status act=Accept rt=1794971564000", "size"),
    "firewall's pairs, parted by tabs": (f"LEEF:1.0|V|W|1|x|src={ADDRESS}\turl=/.env\tmethod=GET\tresponseCode=200\tdevTime=1794971564000", "size"),
    "firewall's pairs, own sign": (f"LEEF:2.0|V|W|1|x|^|src={ADDRESS}^url=/.env^method=GET^status=200^devTime=1794971564000^msg=a b", "size"),
    "firewall's pairs, sign by number": (f"LEEF:2.0|V|W|1|x|x7c|src={ADDRESS}|url=/.env|method=GET|status=200|devTime=1794971564000", "size"),
    "time with its mark": (json.dumps({"@t": f"{STAMP}.0Z", "RequestMethod": "GET", "RequestPath": "/.env", "StatusCode": 200, "ClientIp": ADDRESS}), "size"),
    "duration beside the status": (f"[{STAMP}.000Z] {ADDRESS} GET /.env 200 5ms", "size"),
    "table with a heading": (f"time,client_ip,method,path,status,bytes\n{STAMP}Z,{ADDRESS},GET,/.env,200,1432", ""),
    "table of a balancer": (f'"type","time","elb","client_ip","client_port","elb_status_code","target_status_code","received_bytes","sent_bytes","request_verb","request_url","request_proto"\n"h2","{STAMP}.186Z","lb","{ADDRESS}","51234","200","200","120","1432","GET","https://x.example:443/.env","HTTP/2.0"', ""),
    "proxy's columns, quoted": (f'#Fields: date time c-ip cs-categories sc-status cs-method cs-host cs-uri-path cs(User-Agent) sc-bytes cs-bytes\n2026-11-18 03:12:44 {ADDRESS} "none at all" 200 GET x.example /.env "Mozilla/5.0 (X11)" 1432 120', ""),
    "pairs parted by commas": (f'Nov 18 03:12:44 bigip ASM: date_time="{STAMP.replace("T", " ")}",ip_client="{ADDRESS}",method="GET",uri="/.env",response_code="200",protocol="HTTPS"', "size"),
    "proxy of log-ins": (f'{ADDRESS}:51234 - 7a10 - jo@acme.example [2026/11/18 03:12:44] x.example GET - "/.env" HTTP/1.1 "curl/8" 200 1432 0.001', ""),
    "bars, no size asked": (f"{STAMP}.193Z|7a1b3|{ADDRESS}|anonymous|GET|/.env|200|-1|1432|3|curl/8", ""),
    "telemetry, size of the body": (json.dumps({"Timestamp": "1794971564000000000", "Attributes": {"client.address": ADDRESS, "http.request.method": "GET", "url.path": "/.env", "http.response.status_code": 200, "http.response.body.size": 1432}}), ""),
    "filter, length": (f"CEF:0|Incapsula|SIEMintegration|1|1|Normal|0|fileId=1 requestMethod=GET cn1=200 in=1432 xff={ADDRESS} src={ADDRESS} request=x.example/.env start=1794971564000", ""),
    "uWSGI's own": ('[pid: 12|app: 0|req: 3/1] 203.0.113.9 () {40 vars in 500 bytes} [Wed Nov 18 03:12:44 2026] GET /.env => generated 1432 bytes in 3 msecs (HTTP/1.1 200) 2 headers in 80 bytes (1 switches on core 0)', ""),
    "bars without a mark for the time": ('18/Nov/2026:03:12:44 +0000|v1|203.0.113.9|x.example|200|1432|127.0.0.1:6788|0.005|0.006|GET /.env HTTP/1.1|x.example', ""),
    "header after a duration": ('10.0.0.1 - - [18/Nov/2026:03:12:44 +0000] "GET /.env HTTP/1.1" 200 1432 "-" "curl/8" 0.002 "203.0.113.9, 10.0.0.1"', ""),
    "header by its name at the end": ('10.0.0.1 - - [18/Nov/2026:03:12:44 +0000] "GET /.env HTTP/1.1" 200 1432 "-" "curl/8" vhost=x.example host=web-1 hosting_site=x pid=1 request_time=193 forwarded_for="203.0.113.9" request_id="v-7a3" location=""', ""),
    "host first, method apart": ('x.example 203.0.113.9 [18/Nov/2026:03:12:44 +0000] GET "/.env" HTTP/2.0 200 "-" 1432 "curl/8" "10.0.0.1" 0.01 0.01', ""),
    "router with a unit": ('2026-11-18 03:12:44.193 +0000 UTC [router] method=GET path="/.env" host=x.example request_id=7a3 from="203.0.113.9" protocol="HTTP/1.1" status=200 duration="0.01s" bytes="1432B" referer="-" user_agent="curl/8"', ""),
    "edge's bytes": ('{"requestId": "r3", "timestamp": "2026-11-18T03:12:44.193Z", "method": "GET", "path": "/.env", "host": "x.example", "httpStatus": 200, "upstreamProto": "HTTP/1.1", "totalDuration": 12, "upstreamAddress": "http://[fd12::1]:8080", "clientUa": "curl/8", "txBytes": 1432, "rxBytes": 100, "srcIp": "203.0.113.9", "edgeRegion": "eu"}', ""),
    "what came in before what went out": ('x.example - [2026-11-18T03:12:44.193000000Z] "GET /.env HTTP/1.1" 200 0 1432 "-" "curl/8" "10.0.0.1:4321" "10.0.0.2:61001" x_forwarded_for:"203.0.113.9, 10.0.0.1" x_forwarded_proto:"https" vcap_request_id:"7a13" response_time:0.01 app_id:"1a" app_index:"0"', ""),
    "peer is this machine": ('{"correlation_id": "01H3", "duration_ms": 3, "host": "x.example", "level": "info", "method": "GET", "msg": "access", "proto": "HTTP/1.1", "referrer": "", "remote_addr": "127.0.0.1:0", "remote_ip": "203.0.113.9", "route": "", "status": 200, "system": "http", "time": "2026-11-18T03:12:44Z", "ttfb_ms": 3, "uri": "/.env", "user_agent": "curl/8", "written_bytes": 1432}', ""),
    "logger with unquoted path": ('logger=context userId=0 orgId=0 uname= t=2026-11-18T03:12:44.193726Z level=info msg="Request Completed" method=GET path=/.env status=200 remote_addr=203.0.113.9 time_ms=1 duration=1.2ms size=1432 referer= handler=notfound', ""),
    "header nobody sent": ('203.0.113.9 - - [18/Nov/2026:03:12:44 +0000] "GET /.env HTTP/1.1" 200 - 1432 12 "curl/8" [qtp-3]', ""),
    "firewall with a word for the status": ('date=2026-11-18 time=03:12:44 log_id=30001000 msg_id=003 device_id=FV vd="root" timezone="(GMT)" type=traffic subtype="http" pri=notice proto=tcp service=https/tls1.2 status=success reason=none policy=p1 src=203.0.113.9 src_port=51234 dst=10.0.0.2 dst_port=80 http_request_time=0 http_response_time=0 http_request_bytes=100 http_response_bytes=1432 http_method=get http_url="/.env" http_agent="curl/8" http_retcode=200 http_host="x.example"', ""),
    "own address first, path apart": ('2026-11-18 03:12:44.193 +0000 waf1 TR 10.0.0.5 443 203.0.113.9 51234 "-" "-" GET TLSv1.2 x.example HTTP/1.1 200 1432 512 0 12 10.0.0.2 80 12 "-" SERVER DEFAULT PASSIVE VALID /.env "-" "-" "curl/8"', ""),
    "day parted as the hour": ('2026:11:18-03:12:44 utm httpd: id="0299" srcip="203.0.113.9" localip="10.0.0.1" size="1432" user="-" host="203.0.113.9" method="GET" statuscode="200" reason="-" extra="-" exceptions="-" time="1234" url="/.env" server="x.example" port="443" query="" referer="-" cookie="-" set-cookie="-" uid="W3"', ""),
    "each field quoted, apart": ('[18/Nov/2026:03:12:44 +0000] 203.0.113.9 1 "-" "HTTP/1.1" "GET" "x.example" "/.env" 200 1432 HIT "curl/8" "bytes=0-" 10.0.0.9', ""),
    "numbers quoted": ('"203.0.113.9" "-" "-" "[18/Nov/2026:03:12:44 +0000]" "GET /.env HTTP/1.1" "200" "1432" "-" "curl/8" "HIT" "x.example"', ""),
    "address with its port": ('{"hostHeader": "x.example", "sslCipher": "-", "serviceNetworkArn": "arn:x", "requestProtocol": "HTTP 1.1", "requestMethod": "GET", "requestPath": "/.env", "responseCode": 200, "sourceIpPort": "203.0.113.9:51234", "startTime": "2026-11-18T03:12:44Z", "destinationVpcId": "vpc-1", "duration": 12, "bytesReceived": 100, "bytesSent": 1432, "targetIpPort": "10.0.0.2:80", "userAgent": "curl/8"}', ""),
    "day as in mail, bars": ('203.0.113.9|Wed 18 Nov 2026 03:12:44 +0000|200|1432||GET /.env HTTP/1.1|Host: x.example|User-Agent: curl/8|', ""),
    "site before the path": ('203.0.113.9 - - [18/Nov/2026:03:12:44 +0000] "GET x.example/.env HTTP/1.1" 200 1432 "" "curl/8"', ""),
    "address quoted": ('2026-11-18T03:12:44+0000 [twisted.python.log#info] "203.0.113.9" - - [18/Nov/2026:03:12:44 +0000] "GET /.env HTTP/1.1" 200 1432 "-" "curl/8"', ""),
    "framework, ISO in brackets": ('2026-11-18 03:12:44.193  INFO 7 --- [ctor-http-nio-2] reactor.netty.http.server.AccessLog      : 203.0.113.9 - - [2026-11-18T03:12:44.193Z] "GET /.env HTTP/1.1" 200 1432 3', ""),
    "day as in mail, brackets": ('203.0.113.9 - - [Wed, 18 Nov 2026 03:12:44 GMT] "GET /.env HTTP/1.1" 200 1432 "-" "curl/8"', ""),
    "filter, transaction": ('{"transaction": {"client_ip": "203.0.113.9", "time_stamp": "Wed Nov 18 03:12:44 2026", "server_id": "7a", "client_port": 51234, "host_ip": "10.0.0.1", "host_port": 443, "unique_id": "7a3", "request": {"method": "GET", "http_version": 1.1, "uri": "/.env", "headers": {"Host": "x.example", "User-Agent": "curl/8"}}, "response": {"http_code": 200, "headers": {"Server": "nginx", "Content-Length": "1432"}}, "messages": []}}', ""),
    "application server": ('{"level": "info", "ts": 1794971564193726000, "logger": "http", "msg": "http log", "status": 200, "method": "GET", "URI": "/.env", "URL": "/.env", "remote_address": "203.0.113.9:51234", "read_bytes": 0, "write_bytes": 1432, "start": "2026-11-18T03:12:44+0000", "elapsed": 12}', ""),
    "object store": ('{"version": "1", "deploymentid": "d", "time": "2026-11-18T03:12:44.193Z", "event": "", "trigger": "incoming", "api": {"name": "GetObject", "bucket": "web", "object": ".env", "status": "OK", "statusCode": 200, "rx": 0, "tx": 1432, "timeToResponse": "1ms"}, "remotehost": "203.0.113.9", "requestID": "13", "userAgent": "curl/8", "requestPath": "/.env"}', ""),
    "columns with a word before the status": ('#Fields: timestamp time-taken c-ip filesize s-ip s-port sc-status sc-bytes cs-method cs-uri-stem - rs-duration rs-bytes c-referrer c-user-agent customer-id x-ec_custom-1\n1794971564 12 203.0.113.9 1432 192.0.2.1 443 TCP_MISS/200 1432 GET https://x.azureedge.net/.env - 12 100 "-" "curl/8" 12345 "-"', ""),
    "colours": ('2026/11/18 03:12:44.193 \x1b[1;44m[D]\x1b[0m [server.go:3004]  |    203.0.113.9|\x1b[97;42m 200 \x1b[0m|   1.23ms|   match|\x1b[97;44m GET     \x1b[0m /.env   r:/*', "size"),
    "node with an address": ('[notice] 2026-11-18T03:12:44.193726Z couchdb@127.0.0.1 <0.123.0> 7a13 x.example:5984 203.0.113.9 undefined GET /.env 200 ok 3', "size"),
    "cache before the time": ('203.0.113.9 HIT 12 [18/Nov/2026:03:12:44 +0000] "GET http://x.example/.env HTTP/1.1" 200 1432 "-" "curl/8"', ""),
    "cloud, protocol payload": ('{"protoPayload": {"@type": "type.googleapis.com/google.appengine.logging.v1.RequestLog", "appId": "s~x", "ip": "203.0.113.9", "startTime": "2026-11-18T03:12:44.193Z", "endTime": "2026-11-18T03:12:44.293Z", "method": "GET", "resource": "/.env", "httpVersion": "HTTP/1.1", "status": 200, "responseSize": "1432", "userAgent": "curl/8", "host": "x.example"}, "insertId": "a3", "timestamp": "2026-11-18T03:12:44.193Z"}', ""),
    "object gateway": ('2026-11-18T03:12:44.193+0000 7f1a2b3c4700  1 beast: 0x7f1a3: 203.0.113.9 - anonymous [18/Nov/2026:03:12:44.193 +0000] "GET /.env HTTP/1.1" 200 1432 - "curl/8" - latency=0.001s', ""),
    "mesh, path of before": ('{"start_time": "2026-11-18T03:12:44.193Z", "method": "GET", "x-envoy-origin-path": "/.env", "protocol": "HTTP/1.1", "response_code": "200", "response_flags": "-", "bytes_received": "0", "bytes_sent": "1432", "duration": "3", "user-agent": "curl", "x-forwarded-for": "203.0.113.9", ":authority": "x.example", "downstream_local_address": "10.0.0.1:10080", "downstream_remote_address": "10.0.0.9:51234", "upstream_host": "10.0.0.7:3000"}', ""),
    "store of files, caller": ('{"time": "2026-11-18T03:12:44.193Z", "resourceId": "/x", "category": "StorageRead", "operationName": "GetBlob", "statusCode": 200, "statusText": "Success", "callerIpAddress": "203.0.113.9:51234", "uri": "https://acc.z6.web.core.windows.net:443/.env", "protocol": "HTTPS", "properties": {"accountName": "acc", "userAgentHeader": "curl", "responseBodySize": 1432}}', ""),
    "balancer, data within": ('{"data": {"clientAddr": "203.0.113.9:51234", "httpMethod": "GET", "requestUri": "/.env", "lbStatusCode": "200", "backendStatusCode": "200", "sentBytes": "1432", "timestamp": "2026-11-18T03:12:44Z", "listenerName": "x", "host": "x.example", "userAgent": "curl"}, "id": "r3", "oracle": {}, "time": "2026-11-18T03:12:44.193Z", "type": "com.oraclecloud.loadbalancer.access"}', ""),
    "duration before the request": ('203.0.113.9 - - [18/Nov/2026:03:12:44 +0000] 0.003 "GET /.env HTTP/1.1" 200 1432 "-" "curl/8"', ""),
    "pairs, client with port": ('ts="2026-11-18T03:12:44Z" client=203.0.113.9:51234 host="x.example" method=GET path=/.env proto=HTTP/2.0 status=200 bytes_sent=1432 ua="curl"', ""),
    "proxy cache, extended": ('203.0.113.9 - - [18/Nov/2026:03:12:44 -0000] "GET http://x.example/.env HTTP/1.1" 200 1432 200 1432 0 0 120 300 130 310 0', ""),
    "columns, whole address": (f"#Fields: c-ip date time cs-method cs-uri sc-status bytes\n{ADDRESS}\t2026-11-18\t03:12:44\tGET\t/.env\t200\t1432", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", MORE)
def test_lines_of_no_family_are_read_where_they_are_unmistakable(name: str) -> None:
    line, unsaid = MORE[name]
    reader = LogReader()
    reader.read([(line + "\n").encode()], name)
    (fetch,) = reader.report().taken
    assert (fetch.address, fetch.path, fetch.served) == (ADDRESS, "/.env", Served.S2)
    assert fetch.size == (-1 if "size" in unsaid else 1432)
    assert (fetch.time is None) == ("time" in unsaid)
    assert fetch.time is None or fetch.time.strftime("%Y-%m-%dT%H:%M:%S") == STAMP
    assert reader.coverage.complete


@pytest.mark.parametrize(
    ("line", "size"),
    [
        # %b and %D: the number after an empty body is its duration, or a size that a server writes second.
        (f'{ADDRESS} - - [18/Nov/2026:03:12:44 +0000] "GET /.env HTTP/1.1" 200 - 1432', -1),
        (f'{ADDRESS} - - [18/Nov/2026:03:12:44 +0000] "GET /.env HTTP/1.1" 200 0 "-" "curl"', 0),
        (f'{ADDRESS} - - [18/Nov/2026:03:12:44 +0000] "GET /.env HTTP/1.1" 200 - 1432 12 "curl"', 1432),
    ],
)
def test_an_empty_size_before_another_number_is_not_called_empty(line: str, size: int) -> None:
    asked = parse(line.encode())
    assert asked is not None and asked.size == size


@pytest.mark.parametrize(
    "line",
    [
        '203.0.113.x - - [18/Nov/2026:03:12:44 +0000] "GET /.env HTTP/1.1" 200 1432 "-" "curl"',
        '127.0.0.1 -  18/Nov/2026:03:12:44 +0000 "GET /.env" 200 /var/www/index.php 12.1 2048 5%',
        json.dumps(
            {
                "time": f"{STAMP}Z",
                "remote_addr": "127.0.0.1:0",
                "method": "GET",
                "uri": "/.env",
                "status": 200,
            }
        ),
    ],
)
def test_a_masked_address_and_this_very_machine_are_nobodys(line: str) -> None:
    asked = parse(line.encode())
    assert asked is not None and asked.address == ""


def test_what_a_filter_stopped_was_asked_for_and_not_handed_out() -> None:
    asked = parse(
        f"CEF:0|V|W|1|1|x|6|src={ADDRESS} method=GET request=/.env msg=Disallow URL. act=blocked rt=1794971564000".encode()
    )
    assert asked is not None
    assert (asked.address, asked.path, asked.status) == (ADDRESS, "/.env", 403)
    assert parse(b"CEF:0|V|W|1|1|x|3|act=Accept src=10.0.0.1 dst=10.0.0.2 proto=6") is None


@pytest.mark.parametrize(
    "line",
    [
        "GET /.env from somewhere",
        "the request GET /.env took 200 ms and 404 others came before it, 500 after",
        f"{ADDRESS} asked GET /.env in 200ms",
    ],
)
def test_what_could_be_read_in_two_ways_is_not_guessed(line: str) -> None:
    reader = LogReader()
    reader.read([f"{CLF}\n{line}\n".encode()], "x")
    assert len(reader.report().taken) == 1
    assert not reader.coverage.complete


def test_a_row_that_is_no_row_is_counted_and_ends_nothing() -> None:
    head, row = "time,client_ip,method,path,status,bytes", f"{STAMP}Z,{ADDRESS},GET,/.env,200,1432"
    reader = LogReader()
    broken = f'{STAMP}Z,{ADDRESS},GET,/.env\r?,200,1432\n{STAMP}Z,"{"x" * 200_000}'
    reader.read([f"{head}\n{broken}\n{row}\n".encode()], "x")
    assert [fetch.address for fetch in reader.report().taken] == [ADDRESS]
    assert not reader.coverage.complete


def test_two_byte_text_without_its_mark_is_read_in_either_order(tmp_path: Path) -> None:
    for order in ("utf-16-le", "utf-16-be"):
        path = tmp_path / f"{order}.log"
        path.write_bytes(f"{CLF}\n".encode(order))
        reader = LogReader()
        read_log(path, reader)
        assert [fetch.address for fetch in reader.report().taken] == [ADDRESS]


def test_the_client_is_never_a_proxy_of_ones_own() -> None:
    assert client("198.51.100.4", ["203.0.113.9"]) == "198.51.100.4", "a header of a stranger proves nothing"
    assert client("10.0.0.1", ["203.0.113.9, 10.0.0.7"]) == "203.0.113.9"
    assert client("10.0.0.1", ["6.6.6.6, 203.0.113.9"]) == "203.0.113.9", "the left end may be forged"
    assert client("198.51.100.4", ["203.0.113.9"], networks(["198.51.100.0/24"])) == "203.0.113.9"
    assert client("10.0.0.1", ["unknown, 10.0.0.7"]) == ""
    assert client("10.0.0.1", []) == "10.0.0.1", "a visitor of the inner network"
    assert client("10.0.0.1", [], networks(["10.0.0.1"])) == ""
    assert client("[2001:db8::7]:443", []) == "2001:db8::7"
    assert client("::ffff:203.0.113.9", []) == "203.0.113.9"


def test_copies_of_one_file_are_no_page_for_everything_and_a_page_for_everything_is() -> None:
    def taken(paths: tuple[str, ...]) -> int:
        reader = LogReader()
        reader.read(["".join(CLF.replace("/.env", path) + "\n" for path in paths).encode()], "x")
        return len(reader.report().taken)

    assert taken(("/.env", "/api/.env", "/app/.env")) == 3
    assert taken(("/.env", "/backup.sql", "/wp-config.php.bak")) == 0


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/.ENV", "environment file"), ("/actuator/heapdump", "memory dump"), ("/x.hprof", "memory dump"),
        ("/terraform.tfstate", "configuration"), ("/application.yml", "configuration"), ("/.runtimeconfig.json", "configuration"),
        ("/config/master.key", "configuration"), ("/static/..%2f..%2fetc/passwd", "path traversal"),
        ("/_ignition/execute-solution", "code execution"), ("/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php", "code execution"),
    ],
)  # fmt: skip
def test_what_was_asked_for_is_named(path: str, kind: str) -> None:
    reader = LogReader()
    reader.read([(CLF.replace("/.env", path) + "\n").encode()], "x")
    (fetch,) = reader.report().taken
    assert fetch.kind == kind


def test_an_exploit_answered_with_an_error_of_the_server_still_reached_its_code() -> None:
    reader = LogReader()
    line = CLF.replace("GET /.env", "POST /_ignition/execute-solution").replace(" 200 ", " 500 ")
    reader.read([(line + "\n").encode()], "x")
    (fetch,) = reader.report().taken
    assert "CVE-2021-3129" in fetch.harvester


def test_a_line_that_cannot_be_read_but_asks_for_something_is_a_gap() -> None:
    reader = LogReader()
    reader.read([f'{CLF}\n?? "GET /.env HTTP/1.1" ??\n'.encode()], "x")
    assert not reader.coverage.complete


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            '$remote_addr|$time_iso8601|$request_method|$request_uri|$status|$body_bytes_sent|$upstream_addr|"$http_user_agent"',
            f'{ADDRESS}|{STAMP}+00:00|GET|/.env|200|1432|10.0.0.1:80|"curl"',
        ),
        ('%t %h "%r" %>s %O "%{User-Agent}i"', f'[18/Nov/2026:03:12:44 +0000] {ADDRESS} "GET /.env HTTP/1.1" 200 1432 "curl"'),
    ],
)  # fmt: skip
def test_a_declared_format_is_read(text: str, line: str) -> None:
    reader = LogReader(declared=declared(text))
    reader.read([f"{line}\n".encode()], "x")
    (fetch,) = reader.report().taken
    assert (fetch.address, fetch.path, fetch.size) == (ADDRESS, "/.env", 1432)


def test_a_declared_format_without_a_status_is_refused() -> None:
    with pytest.raises(UsageError):
        declared("$remote_addr $time_local")

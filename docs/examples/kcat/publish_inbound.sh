# A web chat's message, from standard input; then a mail, its file as it is.
# sh publish_inbound.sh MAIL_FILE < MESSAGE.json
set -eu
kafka="${HELPDESK_KAFKA__BOOTSTRAP:-localhost:9092}"
inbound="${HELPDESK_KAFKA__TOPIC_PREFIX:-}helpdesk.inbound"
received="x-received-at=$(date -u +%Y-%m-%dT%H:%M:%SZ)"

tr -d '\n' | kcat -F kcat.conf -b "$kafka" -t "$inbound.webchat" -P \
  -k chat-77 -H x-provider=webchat -H "$received"
kcat -F kcat.conf -b "$kafka" -t "$inbound.email" -P \
  -k rosa@example.com -H x-provider=raw -H x-rcpt-to=help@sample.example -H "$received" "$1"

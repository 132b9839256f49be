# A record from standard input, with its key: a command, a send, presence, a profile.
# sh publish.sh commands sample:TICKET < COMMAND.json
set -eu
kafka="${HELPDESK_KAFKA__BOOTSTRAP:-localhost:9092}"
topic="${HELPDESK_KAFKA__TOPIC_PREFIX:-}helpdesk.$1"

# To kcat each line is a record, so the JSON has to be one line.
tr -d '\n' | kcat -F kcat.conf -b "$kafka" -t "$topic" -P -k "$2" -H source=crm.example.com

# All that a topic holds now, to be looked at: place, key, headers, value.
# sh read.sh tickets
set -eu
kafka="${HELPDESK_KAFKA__BOOTSTRAP:-localhost:9092}"
topic="${HELPDESK_KAFKA__TOPIC_PREFIX:-}helpdesk.$1"

kcat -F kcat.conf -b "$kafka" -t "$topic" -C -q -o beginning -e -f '%t[%p]@%o\t%k\t%h\t%s\n'

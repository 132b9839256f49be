# A tombstone: the key, and no value (-Z).
# sh forget_profile.sh sample:PROFILE
set -eu
kafka="${HELPDESK_KAFKA__BOOTSTRAP:-localhost:9092}"
topic="${HELPDESK_KAFKA__TOPIC_PREFIX:-}helpdesk.profiles"

printf '%s\t' "$1" | kcat -F kcat.conf -b "$kafka" -t "$topic" -P -K '\t' -Z

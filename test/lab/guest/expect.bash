# Expectations. Each prints one line with the guest's time since the scenario began; a failed one fails the scenario but
# does not end it, so that one run shows everything that is wrong.

failures=0
began=$EPOCHREALTIME

# Times are seconds with six digits. In bash's own arithmetic: on an emulated machine every program started is dear.
now() { echo "$EPOCHREALTIME"; }
# millionths VARIABLE NUMBER: that many as an integer.
millionths() {
    local fraction=000000
    [[ $2 != *.* ]] || fraction=${2#*.}000000
    printf -v "$1" %d "$((10#0${2%%.*} * 1000000 + 10#${fraction:0:6}))"
}
thousandths_text() { printf '%d.%03d' $(($1 / 1000000)) $(($1 / 1000 % 1000)); }
seconds_between() {
    local a b
    millionths a "$1"
    millionths b "$2"
    if [ "$b" -lt "$a" ]; then printf -; thousandths_text $((a - b)); else thousandths_text $((b - a)); fi
}
after() {  # TIME SECONDS
    local a b
    millionths a "$1"
    millionths b "$2"
    printf '%d.%06d' $(((a + b) / 1000000)) $(((a + b) % 1000000))
}
at_most() {
    local a b
    if [[ $1 == -* ]]; then return 0; fi
    millionths a "$1"
    millionths b "$2"
    [ "$a" -le "$b" ]
}
tell() {
    local a b
    millionths a "$began"
    millionths b "$EPOCHREALTIME"
    printf '  [%3d.%02d] %s\n' $(((b - a) / 1000000)) $(((b - a) / 10000 % 100)) "$*"
}

step() { tell "-- $*"; }
note() { tell "     $*"; }
passed() { tell "ok   $*"; }
failed() {
    tell "FAIL $*"
    failures=$((failures + 1))
}

# In the place of the program: a pipe into which nobody writes.
exec {silence}<>/run/silence
sleep() { read -r -t "$1" -u "$silence" || true; }

# expect TEXT COMMAND...: the command succeeds now.
expect() {
    local text=$1
    shift
    if "$@"; then passed "$text"; else failed "$text"; fi
}

# never TEXT COMMAND...: the command fails now.
never() {
    local text=$1
    shift
    if "$@"; then failed "$text"; else passed "$text"; fi
}

# within SECONDS TEXT COMMAND...: the command succeeds before that many seconds have passed.
within() {
    local limit=$1 text=$2 start=$EPOCHREALTIME deadline
    shift 2
    deadline=$(after "$start" "$limit")
    until "$@"; do
        if ! at_most "$EPOCHREALTIME" "$deadline"; then
            failed "$text (not within $limit s)"
            return 0
        fi
        sleep 0.2
    done
    passed "$text ($(seconds_between "$start" "$EPOCHREALTIME") s)"
}

# expect_equal TEXT FOUND WANTED
expect_equal() {
    if [ "$2" = "$3" ]; then passed "$1: $2"; else failed "$1: found '$2', wanted '$3'"; fi
}

# expect_at_most TEXT FOUND LIMIT: numbers, with fractions. A missing number is a failure.
expect_at_most() {
    if [ -n "$2" ] && at_most "$2" "$3"; then passed "$1: $2 (at most $3)"; else failed "$1: found '$2', at most $3"; fi
}

# expect_order TEXT EARLIER LATER: two times; both must have happened.
expect_order() {
    if [ -n "$2" ] && [ -n "$3" ] && at_most "$2" "$3"; then
        passed "$1 ($(seconds_between "$2" "$3") s before)"
    else
        failed "$1: earlier '$2', later '$3'"
    fi
}

finish_scenario() {
    local status=$?
    trap - ERR
    # Whatever the scenario was about: vipd writes nothing that is there already.
    if [ -n "${vipd_process:-}" ]; then
        needless_writes >"$work/needless.log"
        expect_equal "writes that changed nothing" "$(wc -l <"$work/needless.log")" 0
    fi
    [ "$failures" -eq 0 ] && [ "$status" -eq 0 ] && exit 0
    [ "$status" -eq 0 ] || echo "  the scenario ended early (status $status)"
    set +e
    for log in "$work"/*.log; do
        [ -s "$log" ] || continue
        echo "  --- last lines of ${log##*/}"
        tail -n 25 "$log" | cut -c1-400 | sed 's/^/  | /'
    done
    exit 1
}

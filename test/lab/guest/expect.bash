# Expectations. Each prints one line with the guest's time since the scenario began; a failed one fails the scenario but
# does not end it, so that one run shows everything that is wrong.

failures=0
began=$EPOCHREALTIME

now() { echo "$EPOCHREALTIME"; }
seconds_between() { awk -v a="$1" -v b="$2" 'BEGIN {printf "%.3f", b - a}'; }
after() { awk -v at="$1" -v seconds="$2" 'BEGIN {printf "%.6f", at + seconds}'; }  # TIME SECONDS
at_most() { awk -v a="$1" -v b="$2" 'BEGIN {exit !(a <= b)}'; }
elapsed() { awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN {printf "%6.2f", b - a}'; }

step() { echo "  [$(elapsed)] -- $*"; }
note() { echo "  [$(elapsed)]      $*"; }
passed() { echo "  [$(elapsed)] ok   $*"; }
failed() {
    echo "  [$(elapsed)] FAIL $*"
    failures=$((failures + 1))
}

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
    local limit=$1 text=$2 start=$EPOCHREALTIME
    shift 2
    until "$@"; do
        if ! at_most "$(seconds_between "$start" "$EPOCHREALTIME")" "$limit"; then
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

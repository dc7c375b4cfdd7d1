package io.pgbackup.restore;

import java.nio.file.Path;
import java.time.Duration;

/// The text of the script that PostgreSQL runs for each WAL file it wants: POSIX sh and nothing but
/// `mv`, `rm` and `sleep` beside it.
final class SpoolScript {
  private static final int MISSED_BEATS = 20;
  private static final int STEPS_PER_SECOND = 20;

  private SpoolScript() {}

  static String text(Path spool, int absentStatus, Duration beat) {
    long patience = Math.max(1, beat.toMillis() * MISSED_BEATS * STEPS_PER_SECOND / 1000);
    return """
        #!/bin/sh
        # Written by pgbackup for one restore: fetch NAME DESTINATION
        # 0: delivered. %1$d: the archive has no such file. Anything else: trouble.
        spool=%2$s
        name=$1
        case $name in '' | *[!0-9A-Za-z.]*) exit 126 ;; esac
        rm -f "$spool/absent/$name"
        : > "$spool/want/$name" || exit 126
        beat=
        still=0
        while :; do
          if test -e "$spool/have/$name"; then
            rm -f "$spool/want/$name"
            mv -f "$spool/have/$name" "$2" && exit 0
            if test -e "$spool/have/$name"; then
              mv -f "$spool/have/$name" "$2" && exit 0
              exit 126
            fi
            # it was fetched for an earlier question, and taken back before this one was seen
            : > "$spool/want/$name" || exit 126
          fi
          if test -e "$spool/absent/$name"; then
            rm -f "$spool/want/$name" "$spool/absent/$name"
            exit %1$d
          fi
          test -e "$spool/failed" && exit 126
          read -r now < "$spool/alive" || exit 126
          if test "$now" = "$beat"; then
            test "$still" -ge %3$d && exit 126
          else
            beat=$now
            still=0
          fi
          if sleep 0.05 2> /dev/null; then
            still=$((still + 1))
          else
            sleep 1
            still=$((still + %4$d))
          fi
        done
        """
        .formatted(absentStatus, Quoting.shell(spool.toString()), patience, STEPS_PER_SECOND);
  }
}

package io.pgbackup.restore;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A timestamp as a person types it: `2026-11-21T02:13:37.35Z`, `2026-11-21 03:13+01:00`. The
/// offset is required, because guessing the zone restores the wrong moment; `UTC` is accepted for
/// it, since PostgreSQL's log writes that. Digits below a microsecond are cut off, as no commit
/// time has them.
public final class TargetTime {
  private static final Pattern FORM =
      Pattern.compile(
          "(\\d{4}-\\d{2}-\\d{2})[Tt ](\\d{2}:\\d{2}(?::\\d{2}(?:[.,]\\d{1,9})?)?)"
              + "(?: ?([Zz]|UTC|GMT|[+-]\\d{2}(?::?\\d{2})?))?");

  private TargetTime() {}

  /// @param local the zone that the hint of a refusal writes out
  /// @throws PgBackupException `Misconfigured` if it is no timestamp or has no offset
  public static Instant parse(String text, ZoneId local) {
    Matcher matcher = FORM.matcher(text.strip());
    if (!matcher.matches()) {
      throw unreadable(text);
    }
    try {
      LocalDateTime time =
          LocalDateTime.parse(matcher.group(1) + "T" + matcher.group(2).replace(',', '.'));
      String offset = matcher.group(3);
      if (offset == null) {
        throw withoutZone(text, time, local);
      }
      return OffsetDateTime.of(time, offset(offset)).toInstant().truncatedTo(ChronoUnit.MICROS);
    } catch (DateTimeException e) {
      throw unreadable(text);
    }
  }

  /// The understood instant, to be shown before anything is done.
  public static String echo(Instant instant, ZoneId local) {
    return Moments.both(instant, local);
  }

  private static ZoneOffset offset(String text) {
    return switch (text) {
      case "Z", "z", "UTC", "GMT" -> ZoneOffset.UTC;
      default -> ZoneOffset.of(text);
    };
  }

  private static PgBackupException unreadable(String text) {
    return Problem.misconfigured(
            "'" + text + "' is not a timestamp",
            "Write it like 2026-11-21T02:13:37Z or 2026-11-21T03:13:37+01:00.")
        .asException();
  }

  private static PgBackupException withoutZone(String text, LocalDateTime time, ZoneId local) {
    String here = OffsetDateTime.of(time, local.getRules().getOffset(time)).toString();
    String utc = OffsetDateTime.of(time, ZoneOffset.UTC).toString();
    String hint =
        here.equals(utc)
            ? "Write " + utc + "."
            : "Write %s for the time in %s, or %s for UTC.".formatted(here, local.getId(), utc);
    return Problem.misconfigured("timestamp '" + text + "' has no offset from UTC", hint)
        .asException();
  }
}

package io.pgbackup.restore;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// What a recovering server reports about its target (xlogrecovery.c, xlog.c; the same words in 14
/// to 18), in English and UTC because its settings say so.
///
/// @param stoppedBefore time of the first transaction that is not in the data
/// @param lastCompleted time of the last one that is
/// @param complete whether archive recovery came to its end
record RecoveryLog(
    Optional<Instant> stoppedBefore, Optional<Instant> lastCompleted, boolean complete) {
  private static final String TIME =
      "(\\d{4,}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?)\\+00";
  private static final Pattern STOPPED =
      Pattern.compile(
          "recovery stopping before (?:commit|abort) of (?:prepared )?transaction \\d+, time "
              + TIME);
  private static final Pattern LAST =
      Pattern.compile("last completed transaction was at log time " + TIME);
  private static final Pattern COMPLETE = Pattern.compile("archive recovery complete");
  private static final DateTimeFormatter FORM =
      new DateTimeFormatterBuilder()
          .appendPattern("uuuu-MM-dd HH:mm:ss")
          .appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true)
          .toFormatter(Locale.ROOT);

  /// Reads the log of one recovery, of all its attempts.
  static RecoveryLog read(Path log) throws IOException {
    try (Stream<String> lines = Files.lines(log, java.nio.charset.StandardCharsets.ISO_8859_1)) {
      return parse(lines);
    }
  }

  static RecoveryLog parse(Stream<String> lines) {
    Optional<Instant> stoppedBefore = Optional.empty();
    Optional<Instant> lastCompleted = Optional.empty();
    boolean complete = false;
    for (String line : (Iterable<String>) lines::iterator) {
      stoppedBefore = time(STOPPED, line).or(orElse(stoppedBefore));
      lastCompleted = time(LAST, line).or(orElse(lastCompleted));
      complete |= COMPLETE.matcher(line).find();
    }
    return new RecoveryLog(stoppedBefore, lastCompleted, complete);
  }

  private static java.util.function.Supplier<Optional<Instant>> orElse(Optional<Instant> known) {
    return () -> known;
  }

  private static Optional<Instant> time(Pattern pattern, String line) {
    Matcher matcher = pattern.matcher(line);
    return matcher.find()
        ? Optional.of(LocalDateTime.parse(matcher.group(1), FORM).toInstant(ZoneOffset.UTC))
        : Optional.empty();
  }
}

package io.pgbackup.page;

import io.pgbackup.status.StatusSnapshot;
import io.pgbackup.wording.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// The state in words, the worst first.
///
/// @param detail a sentence that says more
public record Headline(Level level, String words, String detail) {
  /// What the words of a cluster that can be restored begin with.
  public static final String PROTECTED = "Protected";

  public enum Level {
    GOOD,
    WAITING,
    BAD;

    String style() {
      return switch (this) {
        case GOOD -> "good";
        case WAITING -> "waiting";
        case BAD -> "bad";
      };
    }
  }

  public static Headline of(StatusSnapshot status) {
    Optional<Instant> newest = StatusPage.newestMoment(status);
    String detail = newest.map(end -> newestWords(status, end)).orElseGet(() -> without(status));
    if (!status.problems().isEmpty()) {
      int count = status.problems().size();
      return new Headline(
          Level.BAD, count == 1 ? "One problem" : "%d problems".formatted(count), detail);
    }
    if (!status.server().reachable()) {
      return new Headline(Level.BAD, "PostgreSQL does not answer", detail);
    }
    if (!status.archive().enabled()) {
      return new Headline(Level.WAITING, "WAL is not stored", detail);
    }
    if (newest.isEmpty()) {
      return new Headline(
          Level.WAITING,
          status.catalogReadAt().isEmpty() ? "Not known yet" : "Not protected yet",
          detail);
    }
    return status.gaps().stream().anyMatch(StatusPage::isLoss)
        ? new Headline(Level.WAITING, PROTECTED + ", with gaps", detail)
        : new Headline(Level.GOOD, PROTECTED, detail);
  }

  private static String newestWords(StatusSnapshot status, Instant end) {
    Duration age = Duration.between(end, status.at());
    return "The newest moment that can be restored is %s, %s ago."
        .formatted(Times.second(end), Times.span(age.isNegative() ? Duration.ZERO : age));
  }

  private static String without(StatusSnapshot status) {
    if (status.catalogReadAt().isEmpty()) {
      return "The archive has not been read yet.";
    }
    return status
        .unprotectedSince()
        .map(since -> "Nothing can be restored, since " + Times.second(since) + ".")
        .orElse("Nothing can be restored: no base backup with a commit behind it is there.");
  }
}

package io.pgbackup.catalog;

import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/// What there is to be said of WAL that is missing.
public enum GapState {
  /// No base backup that could be restored begins behind it: of what the server writes now, nothing
  /// can be restored.
  OPEN,

  /// A newer base backup begins behind it; instants in between are lost.
  CLOSED,

  /// Closed or not, somebody has said that it is known.
  ACKNOWLEDGED,

  /// It was let go on purpose, with `wal.enabled: false`.
  LET_GO,

  /// The retention rules let it go, behind a base backup that is kept for itself.
  EXPIRED;

  /// As it stands in metrics and JSON: `let-go`.
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /// The one of that word; nothing where it is none of ours.
  public static Optional<GapState> ofWord(String word) {
    return Stream.of(values()).filter(state -> state.word().equals(word)).findFirst();
  }

  /// Whether it is a loss that nobody has spoken for.
  public boolean isLoss() {
    return this == OPEN || this == CLOSED;
  }
}

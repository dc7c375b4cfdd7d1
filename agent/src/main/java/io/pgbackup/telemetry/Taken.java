package io.pgbackup.telemetry;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// How long many things of one kind took.
///
/// @param counts how many took no longer than the bound in the same place and longer than the one
///   before; the last one's bound is infinite
/// @param seconds all together
public record Taken(List<Long> counts, double seconds) {
  /// From an answer of a store nearby to what PostgreSQL gives up waiting for.
  static final List<Double> BOUNDS =
      List.of(0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, Double.POSITIVE_INFINITY);

  static final Taken NONE = new Taken(Collections.nCopies(BOUNDS.size(), 0L), 0);

  public Taken {
    counts = List.copyOf(counts);
  }

  public long count() {
    return counts.stream().mapToLong(Long::longValue).sum();
  }

  Taken plus(double one) {
    int place = 0;
    while (one > BOUNDS.get(place)) {
      place++;
    }
    List<Long> more = new ArrayList<>(counts);
    more.set(place, more.get(place) + 1);
    return new Taken(more, seconds + one);
  }
}

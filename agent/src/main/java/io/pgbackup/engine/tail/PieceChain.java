package io.pgbackup.engine.tail;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.WalSegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// Which pieces make the longest beginning of a segment that has no hole, with the fewest of them.
/// Pure.
///
/// @param pieces each begins at or before the end of the one before it; the first with the segment
public record PieceChain(WalSegment segment, List<Piece.Stored> pieces) {
  public PieceChain {
    pieces = List.copyOf(pieces);
  }

  static PieceChain of(WalSegment segment, Collection<Piece.Stored> pieces) {
    List<Piece.Stored> chain = new ArrayList<>();
    Lsn end = segment.start();
    for (Optional<Piece.Stored> next = furthest(pieces, end);
        next.isPresent();
        next = furthest(pieces, end)) {
      chain.add(next.get());
      end = next.get().piece().to();
    }
    return new PieceChain(segment, chain);
  }

  private static Optional<Piece.Stored> furthest(Collection<Piece.Stored> pieces, Lsn end) {
    return pieces.stream()
        .filter(stored -> stored.piece().from().compareTo(end) <= 0)
        .filter(stored -> end.isBefore(stored.piece().to()))
        .max(
            Comparator.comparing((Piece.Stored stored) -> stored.piece().to())
                .thenComparing(stored -> stored.piece().from()));
  }

  public boolean isEmpty() {
    return pieces.isEmpty();
  }

  /// Exclusive; the segment's start where there are no pieces.
  public Lsn end() {
    return pieces.isEmpty() ? segment.start() : pieces.getLast().piece().to();
  }
}

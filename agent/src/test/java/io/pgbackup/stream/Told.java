package io.pgbackup.stream;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.problem.Problem;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// Remembers what streams say, of which none may open a gap.
final class Told implements StreamListener {
  final List<Problem> problems = new CopyOnWriteArrayList<>();
  volatile Lsn stored = Lsn.ZERO;

  @Override
  public void begun(String slot, Lsn start) {}

  @Override
  public void gap(WalSegment first, WalSegment last) {
    throw new AssertionError("a gap from " + first + " to " + last);
  }

  @Override
  public void stored(Lsn end, int pieceBytes) {
    stored = end;
  }

  @Override
  public void storing(Problem problem) {
    problems.add(problem);
  }

  @Override
  public void ended() {}
}

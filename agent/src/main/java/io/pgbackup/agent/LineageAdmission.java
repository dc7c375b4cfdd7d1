package io.pgbackup.agent;

import io.pgbackup.archive.Admission;
import io.pgbackup.lineage.Identity;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.Problem;
import java.util.Optional;
import java.util.function.Supplier;

/// Tells a clone's WAL, which must never enter, from the first WAL after an in-place restore: it
/// comes from the lineage that lies beside the data now, and the agent is about to follow. A
/// refusal would raise an alarm, and PostgreSQL would rest for a minute after three of them.
final class LineageAdmission implements Admission {
  private final Identity expected;
  private final Supplier<Optional<Identity>> standing;
  private final Admission fence;

  LineageAdmission(Identity expected, Supplier<Optional<Identity>> standing, Admission fence) {
    this.expected = expected;
    this.standing = standing;
    this.fence = fence;
  }

  @Override
  public void check(WalFileName name, byte[] content, Optional<LineageUid> sender) {
    if (sender.isPresent()
        && !sender.get().equals(expected.uid())
        && standing.get().map(Identity::uid).equals(sender)) {
      throw Problem.storageUnavailable(
              "the data directory has become lineage %s, and the agent is still at %s"
                  .formatted(sender.get(), expected.uid()),
              "It follows by itself; PostgreSQL tries again.")
          .asException();
    }
    fence.check(name, content, sender);
  }
}

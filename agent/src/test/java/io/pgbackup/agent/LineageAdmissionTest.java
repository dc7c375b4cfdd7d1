package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.Identity;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LineageAdmissionTest {
  private static final WalFileName NAME = WalFileName.parse("000000010000000000000001");
  private static final LineageUid OURS = new LineageUid("ours");
  private static final LineageUid OTHER = new LineageUid("other");

  private final List<Optional<LineageUid>> reached = new ArrayList<>();

  private static Optional<Identity> identity(LineageUid uid) {
    return Optional.of(
        new Identity(
            new ClusterId("shop", "orders"), uid, new SystemIdentifier(7), Optional.empty()));
  }

  private void check(Optional<Identity> beside, Optional<LineageUid> sender) {
    new LineageAdmission(
            identity(OURS).orElseThrow(), () -> beside, (_, _, from) -> reached.add(from))
        .check(NAME, new byte[0], sender);
  }

  @Test
  void leavesOurOwnWalAndThatOfUnknownSendersToTheFence() {
    check(identity(OURS), Optional.of(OURS));
    check(identity(OURS), Optional.empty());
    check(identity(OTHER), Optional.empty());

    assertThat(reached).containsExactly(Optional.of(OURS), Optional.empty(), Optional.empty());
  }

  @Test
  void leavesAStrangersWalToTheFence() {
    check(identity(OURS), Optional.of(OTHER));
    check(Optional.empty(), Optional.of(OTHER));

    assertThat(reached).containsExactly(Optional.of(OTHER), Optional.of(OTHER));
  }

  @Test
  void asksForPatienceWhereTheDataHaveBecomeTheSendersLineage() {
    assertThatThrownBy(() -> check(identity(OTHER), Optional.of(OTHER)))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e ->
                assertThat(e.problem())
                    .isInstanceOf(Problem.StorageFailed.class)
                    .matches(Problem::retryMayHelp));
    assertThat(reached).isEmpty();
  }
}

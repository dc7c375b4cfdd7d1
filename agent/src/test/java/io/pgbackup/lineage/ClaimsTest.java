package io.pgbackup.lineage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.MemoryObjectStore;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ClaimsTest {
  private static final StoreFolder PREFIX = StoreFolder.of("a");
  private static final Parent PARENT =
      new Parent(new LineageUid("4a1b"), new Timeline(1), Lsn.parse("0/8001000"));

  private final MemoryObjectStore store = new MemoryObjectStore();
  private final Claims claims = new Claims(store);

  @Test
  void aClaimIsReadAsItWasMade() {
    claims.create(PREFIX, claim("5d6c", 180006));

    assertThat(claims.read(PREFIX)).contains(claim("5d6c", 180006));
  }

  @Test
  void anUnclaimedPrefixHasNone() {
    assertThat(claims.read(PREFIX)).isEmpty();
  }

  @Test
  void theSameOwnerClaimsAgainAfterAMinorUpgrade() {
    claims.create(PREFIX, claim("5d6c", 180006));

    assertThat(claims.create(PREFIX, claim("5d6c", 180007))).isEqualTo(claim("5d6c", 180006));
  }

  /// P2.
  @Test
  void anotherOwnerIsRefusedAndBothAreNamed() {
    claims.create(PREFIX, claim("5d6c", 180006));

    assertThatThrownBy(() -> claims.create(PREFIX, claim("77aa", 180006)))
        .hasMessageContainingAll("a/pgbackup/claim.json", "UID 5d6c", "UID 77aa")
        .extracting(e -> ((PgBackupException) e).problem())
        .isInstanceOf(Problem.Refused.class);
  }

  @Test
  void aDamagedClaimIsNotOverlooked() {
    store.create(
        new ObjectKey("a/pgbackup/claim.json"), "{}".getBytes(StandardCharsets.UTF_8), Map.of());

    assertThatThrownBy(() -> claims.read(PREFIX))
        .hasMessageContaining("'namespace' is missing")
        .extracting(e -> ((PgBackupException) e).problem())
        .isInstanceOf(Problem.VerificationFailed.class);
  }

  private static Claim claim(String uid, int version) {
    return new Claim(
        new ClusterId("shop", "orders"),
        new LineageUid(uid),
        SystemIdentifier.parse("18446744073709551615"),
        new ServerVersion(version),
        WalSegmentSize.DEFAULT,
        Optional.of(PARENT),
        Instant.parse("2026-08-20T10:00:00Z"));
  }
}

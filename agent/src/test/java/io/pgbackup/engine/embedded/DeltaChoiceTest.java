package io.pgbackup.engine.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.BackupRequest.Kind;
import io.pgbackup.engine.embedded.EmbeddedBackupEngine.DeltaRules;
import io.pgbackup.engine.embedded.EmbeddedBackupEngine.DeltaRules.Origin;
import io.pgbackup.engine.format.BackupMetadata;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Sentinel;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.postgres.jdbc.ServerFacts;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.testing.MemoryObjectStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What the archive alone says against a delta; what the server says is for [DeltaChoiceIT].
class DeltaChoiceTest {
  private static final BackupName PARENT = new BackupName("base_000000010000000000000002");
  private static final String POSITIONS = "\"LSN\":33554472,\"FinishLSN\":33554744";
  private static final String WHEN = "\"StartTime\":\"2026-11-21T02:00:00.000000Z\"";

  private final MemoryObjectStore store = new MemoryObjectStore();

  @ParameterizedTest
  @ValueSource(strings = {POSITIONS, WHEN + ",\"LSN\":33554472", WHEN + ",\"FinishLSN\":33554744"})
  void aParentThatDoesNotSayWhenAndWhereItWasTakenIsNone(String sentinel) {
    parent("{" + sentinel + ",\"Version\":2}");

    assertThatThrownBy(() -> choose(Kind.DELTA))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e -> assertThat(e.problem()).isInstanceOf(Problem.Refused.class))
        .hasMessageContaining("the sentinel of " + PARENT + " does not say where and when");
  }

  @Test
  void theScheduleTakesAFullBackupThen() {
    parent("{" + POSITIONS + ",\"Version\":2}");

    assertThat(choose(Kind.CONFIGURED)).isEmpty();
  }

  @Test
  void findingTheNewestBackupListsNoParts() {
    ChainArchive archive = new ChainArchive().add(Map.of()).add(Map.of());
    for (int part = 3; part < 3000; part++) {
      String tar = "part_%03d.tar.lz4".formatted(part);
      archive.store.create(
          ChainArchive.LAYOUT.tarPartitions(archive.newest()).key(tar), new byte[0], Map.of());
    }
    long before = archive.store.lists();

    assertThat(DeltaChoice.latest(archive.store, ChainArchive.LAYOUT)).isEqualTo(archive.newest());
    assertThat(archive.store.lists() - before).isEqualTo(1);
  }

  private void parent(String sentinel) {
    byte[] json = sentinel.getBytes(UTF_8);
    store.create(ChainArchive.LAYOUT.sentinel(PARENT), json, Map.of());
    store.create(
        ChainArchive.LAYOUT.metadata(PARENT),
        BackupMetadata.of(Sentinel.read(json, PARENT.value())).toJson(),
        Map.of());
  }

  private Optional<DeltaBase> choose(Kind kind) {
    Path dataDirectory = Path.of("/nowhere");
    return DeltaChoice.in(
            store, ChainArchive.LAYOUT, ObjectCipher.NONE, new DeltaRules(1, Origin.LATEST))
        .choose(
            BackupRequest.of(kind),
            new ServerFacts(
                new ServerVersion(180006),
                new SystemIdentifier(7),
                WalSegmentSize.DEFAULT,
                Timeline.FIRST,
                false,
                dataDirectory,
                true,
                "on",
                "true",
                "",
                Duration.ZERO,
                PageHeader.PAGE,
                131072),
            dataDirectory);
  }
}

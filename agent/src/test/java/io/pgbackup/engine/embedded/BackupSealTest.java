package io.pgbackup.engine.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Sentinel;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import io.pgbackup.testing.MemoryObjectStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BackupSealTest {
  private static final BackupName NAME = new BackupName("base_000000010000000000000002");
  private static final BackupName NEIGHBOUR = new BackupName("base_000000010000000000000003");
  private static final ArchiveLayout LAYOUT = new ArchiveLayout(StoreFolder.of("c1/uid/18"));
  private static final ObjectKey PART = LAYOUT.tarPartitions(NAME).key("part_001.tar.lz4");
  private static final Sentinel SENTINEL = Sentinel.read("{}".getBytes(UTF_8), "test");

  private final AwkwardStore store = new AwkwardStore();
  private final BackupSeal seal = new BackupSeal(store, LAYOUT, NAME, Duration.ZERO);

  @BeforeEach
  void parts() {
    store.create(PART, new byte[] {1}, Map.of());
    store.create(LAYOUT.tarPartitions(NEIGHBOUR).key("part_001.tar.lz4"), new byte[1], Map.of());
    seal.writeManifest(new byte[] {2});
    seal.writeMetadata(SENTINEL);
  }

  @Test
  void whatAFailedBackupLeftIsRemovedAndNothingElse() {
    seal.discard(new IllegalStateException("reason"));

    assertThat(keys()).containsExactly(LAYOUT.tarPartitions(NEIGHBOUR).key("part_001.tar.lz4"));
  }

  @Test
  void onceTheSentinelWasTriedNothingIsRemoved() {
    List<ObjectKey> before = keys();
    store.answersCreates = false;

    assertThatThrownBy(() -> seal.writeSentinel(SENTINEL, () -> {}))
        .isInstanceOf(PgBackupException.class);
    seal.discard(new IllegalStateException("reason"));

    assertThat(keys()).isEqualTo(before);
  }

  @Test
  void aStoreThatRefusesToDeleteDoesNotHideTheReason() {
    IllegalStateException reason = new IllegalStateException("reason");
    store.deletes = false;

    seal.discard(reason);

    assertThat(reason.getSuppressed()).hasSize(1);
    assertThat(keys()).contains(PART);
  }

  @Test
  void leftoversAreRemovedAlthoughTheThreadIsInterrupted() {
    Thread.currentThread().interrupt();

    seal.discard(new IllegalStateException("reason"));

    assertThat(Thread.interrupted()).isTrue();
    assertThat(keys()).doesNotContain(PART);
  }

  @Test
  void somebodyElsesDocumentIsRefused() {
    store.create(LAYOUT.sentinel(NAME), new byte[] {3}, Map.of());

    assertThatThrownBy(() -> seal.writeSentinel(SENTINEL, () -> {}))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e -> assertThat(e.problem()).isInstanceOf(Problem.Refused.class));
  }

  @Test
  void aSentinelThatTheStoreWroteAndDeniedIsOursAtTheNextAttempt() {
    List<String> asked = new ArrayList<>();
    store.deniedCreates = 2;

    new BackupSeal(store, LAYOUT, NAME, Duration.ofMinutes(1))
        .writeSentinel(SENTINEL, () -> asked.add("fence"));

    assertThat(keys()).contains(LAYOUT.sentinel(NAME));
    assertThat(asked).as("before each attempt").hasSize(3);
  }

  @Test
  void theFenceEndsTheAttempts() {
    List<String> asked = new ArrayList<>();
    store.answersCreates = false;

    assertThatThrownBy(
            () ->
                new BackupSeal(store, LAYOUT, NAME, Duration.ofMinutes(1))
                    .writeSentinel(
                        SENTINEL,
                        () -> {
                          asked.add("fence");
                          if (asked.size() == 2) {
                            throw Problem.refused("lease lost", "Start again.").asException();
                          }
                        }))
        .hasMessage("lease lost");
    assertThat(keys()).doesNotContain(LAYOUT.sentinel(NAME));
  }

  private List<ObjectKey> keys() {
    return store.list("").map(StoredObject::key).toList();
  }

  private static final class AwkwardStore extends MemoryObjectStore {
    private boolean answersCreates = true;
    private boolean deletes = true;
    private int deniedCreates;

    @Override
    public synchronized CreateOutcome create(
        ObjectKey key, byte[] content, Map<String, String> metadata) {
      if (!answersCreates) {
        throw Problem.storageUnavailable("no answer", "Try again.").asException();
      }
      CreateOutcome outcome = super.create(key, content, metadata);
      if (deniedCreates > 0) {
        deniedCreates--;
        throw Problem.storageUnavailable("internal error", "Try again.").asException();
      }
      return outcome;
    }

    @Override
    public synchronized List<ObjectKey> delete(Collection<ObjectKey> keys) {
      if (Thread.currentThread().isInterrupted()) {
        throw new IllegalStateException("asked on an interrupted thread");
      }
      if (!deletes) {
        throw new Problem.StorageFailed("access denied", Optional.empty(), false).asException();
      }
      return super.delete(keys);
    }
  }
}

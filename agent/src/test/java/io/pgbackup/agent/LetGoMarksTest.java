package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import io.pgbackup.testing.MemoryObjectStore;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class LetGoMarksTest {
  private static final Instant NOW = Instant.parse("2026-11-21T02:00:00Z");
  private static final LineageUid UID = LineageUid.random();
  private static final ArchiveLayout LAYOUT = new ArchiveLayout(StoreFolder.of("a"));
  private static final String FIRST = "000000010000000000000005";

  private boolean away;
  private final MemoryObjectStore store =
      new MemoryObjectStore() {
        @Override
        public synchronized CreateOutcome create(
            ObjectKey key, byte[] content, Map<String, String> metadata) {
          if (away) {
            throw Problem.storageUnavailable("the store is away", "Wait.").asException();
          }
          return super.create(key, content, metadata);
        }
      };
  private final LetGoMarks marks = new LetGoMarks(store, () -> NOW);

  private static WalFileName.Segment file() {
    return (WalFileName.Segment) WalFileName.parse(FIRST);
  }

  private List<String> written() {
    try (Stream<StoredObject> objects = store.list(LAYOUT.gaps().path())) {
      return objects.map(object -> object.key().name()).toList();
    }
  }

  @Test
  void writesWhereItBegan() {
    marks.begun(file(), Optional.of(UID));
    marks.write(LAYOUT, UID);
    // another process that goes on in the same gap
    LetGoMarks later = new LetGoMarks(store, () -> NOW);
    later.begun(file(), Optional.empty());
    later.write(LAYOUT, UID);

    assertThat(written()).containsExactly(FIRST + ".let-go.json");
  }

  @Test
  void writesOnceTheStoreIsBack() {
    marks.begun(file(), Optional.of(UID));
    away = true;
    assertThatThrownBy(() -> marks.write(LAYOUT, UID)).isInstanceOf(PgBackupException.class);

    away = false;
    marks.write(LAYOUT, UID);
    assertThat(written()).hasSize(1);
  }

  @Test
  void saysNothingInAnotherLineagesArchive() {
    marks.begun(file(), Optional.of(LineageUid.random()));

    marks.write(LAYOUT, UID);

    assertThat(written()).isEmpty();
  }
}

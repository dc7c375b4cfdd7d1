package io.pgbackup.engine.walg;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.MemoryObjectStore;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StandingBackupsTest {
  private static final ArchiveLayout LAYOUT = new ArchiveLayout(StoreFolder.of("orders"));
  private static final BackupName WHOLE = new BackupName("base_000000010000000000000002");
  private static final BackupName BEGUN = new BackupName("base_000000010000000000000004");

  @Test
  void whichBackupsStandIsSeenWithoutTheirParts() {
    MemoryObjectStore store = new MemoryObjectStore();
    store.create(LAYOUT.sentinel(WHOLE), new byte[2], Map.of());
    for (BackupName name : new BackupName[] {WHOLE, BEGUN}) {
      for (int part = 1; part < 2000; part++) {
        String tar = "part_%03d.tar.lz4".formatted(part);
        store.create(LAYOUT.tarPartitions(name).key(tar), new byte[0], Map.of());
      }
    }

    StandingBackups standing = StandingBackups.list(store, LAYOUT);

    assertThat(standing.whole()).containsExactly(WHOLE);
    assertThat(standing.folders()).containsExactlyInAnyOrder(WHOLE, BEGUN);
    assertThat(store.lists()).isEqualTo(1);
  }
}

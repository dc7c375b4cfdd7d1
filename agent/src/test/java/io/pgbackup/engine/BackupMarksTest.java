package io.pgbackup.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.MemoryObjectStore;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BackupMarksTest {
  private static final ArchiveLayout LAYOUT = new ArchiveLayout(StoreFolder.of("orders"));
  private static final BackupName NAME = new BackupName("base_000000010000000000000002");

  @Test
  void takingAMarkOffListsNoParts() {
    MemoryObjectStore store = new MemoryObjectStore();
    store.create(LAYOUT.sentinel(NAME), "{\"LSN\":1,\"Version\":2}".getBytes(UTF_8), Map.of());
    store.create(LAYOUT.metadata(NAME), "{\"is_permanent\":true}".getBytes(UTF_8), Map.of());
    for (int part = 1; part < 3000; part++) {
      String tar = "part_%03d.tar.lz4".formatted(part);
      store.create(LAYOUT.tarPartitions(NAME).key(tar), new byte[0], Map.of());
    }

    assertThat(new BackupMarks(store, LAYOUT).markImpermanent(NAME)).isTrue();
    assertThat(store.lists()).isEqualTo(1);
  }
}

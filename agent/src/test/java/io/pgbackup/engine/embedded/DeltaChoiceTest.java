package io.pgbackup.engine.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class DeltaChoiceTest {
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
}

package io.pgbackup.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.store.CreateOutcome.AlreadyThere;
import io.pgbackup.store.CreateOutcome.Created;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// What every store must do.
public abstract class ObjectStoreContract {
  protected abstract ObjectStore store();

  @Test
  void createsOnceAndLeavesWhatStandsThereAlone() throws Exception {
    var key = new ObjectKey("a/wal_005/x");
    CreateOutcome first =
        store().create(key, "one".getBytes(UTF_8), Map.of("pgbackup-sha256", "1"));
    CreateOutcome second =
        store().create(key, "two".getBytes(UTF_8), Map.of("pgbackup-sha256", "2"));
    assertThat(first).isInstanceOf(Created.class);
    assertThat(second).isInstanceOf(AlreadyThere.class);
    assertThat(((AlreadyThere) second).object().metadata())
        .isEqualTo(Map.of("pgbackup-sha256", "1"));
    try (var stream = store().open(key)) {
      assertThat(stream.readAllBytes()).isEqualTo("one".getBytes(UTF_8));
    }
    assertThat(store().list("a/")).extracting(StoredObject::key).containsExactly(key);
    assertThat(store().folders(StoreFolder.ROOT)).containsExactly(StoreFolder.of("a"));
    assertThat(store().delete(java.util.List.of(key))).isEmpty();
    assertThat(store().head(key)).isEqualTo(Optional.empty());
  }

  @Test
  void uploadsInParts() throws Exception {
    var key = new ObjectKey("a/basebackups_005/part");
    byte[] content = new byte[18_000_000];
    new java.util.Random(1).nextBytes(content);
    try (var upload = store().upload(key, Map.of())) {
      upload.stream().write(content);
      assertThat(store().head(key)).isEmpty();
      assertThat(upload.complete()).isInstanceOf(Created.class);
    }
    try (var stream = store().open(key)) {
      assertThat(stream.readAllBytes()).isEqualTo(content);
    }
  }
}

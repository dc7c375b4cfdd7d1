package io.pgbackup.engine.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BackupNameTest {
  @Test
  void aFullBackupIsNamedAfterTheSegmentOfItsStart() {
    var start =
        WalSegment.containing(Timeline.FIRST, Lsn.parse("0/2000028"), WalSegmentSize.DEFAULT);

    BackupName name = BackupName.full(start);

    assertThat(name).hasToString("base_000000010000000000000002");
    assertThat(name.startSegment()).isEqualTo(start.fileName());
    assertThat(name.isDelta()).isFalse();
    assertThat(name.parentSegment()).isEmpty();
  }

  @Test
  void aDeltaNamesItsParentsSegment() {
    var name = new BackupName("base_000000020000000000000005_D_000000010000000000000002");

    assertThat(name.isDelta()).isTrue();
    assertThat(name.timeline()).isEqualTo(new Timeline(2));
    assertThat(name.parentSegment()).contains("000000010000000000000002");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "base_",
        "base_00000001000000000000000",
        "base_00000001000000000000000a",
        "xbase_000000010000000000000002",
        "base_000000010000000000000002_D_",
        "base_000000010000000000000002/..",
        "base_000000010000000000000002_backup_stop_sentinel.json"
      })
  void refusesOtherNames(String text) {
    assertThat(BackupName.tryParse(text)).isEmpty();
  }
}

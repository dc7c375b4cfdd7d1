package io.pgbackup.engine.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BackupContentTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "pg_wal",
        "pg_replslot",
        "pg_dynshmem",
        "pg_notify",
        "pg_serial",
        "pg_snapshots",
        "pg_subtrans",
        "pg_stat_tmp",
        "log",
        "pg_log",
        "base/pg_stat_tmp"
      })
  void whatTheServerMakesAnewIsEmptied(String path) {
    assertThat(BackupContent.isEmptied(path)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "base",
        "global",
        "pg_xact",
        "pg_multixact",
        "pg_stat",
        "pg_logical",
        "pg_twophase",
        "pg_tblspc",
        "pg_commit_ts",
        "conf/log",
        "backups/pg_wal"
      })
  void whatHoldsDataIsNot(String path) {
    assertThat(BackupContent.isEmptied(path)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "postmaster.pid",
        "postmaster.opts",
        "postgresql.auto.conf.tmp",
        "current_logfiles.tmp",
        "backup_label",
        "backup_label.old",
        "tablespace_map",
        "tablespace_map.old",
        "backup_manifest",
        "recovery.signal",
        "standby.signal",
        "global/pg_control",
        "global/pg_internal.init",
        "base/5/pg_internal.init.123",
        "base/pgsql_tmp",
        "pg_tblspc/16400/PG_18_202506291/pgsql_tmp",
        "base/pgsql_tmp/pgsql_tmp12.0"
      })
  void whatMustNotComeBackIsLeftOut(String path) {
    assertThat(BackupContent.isLeftOut(path)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PG_VERSION",
        "postgresql.conf",
        "postgresql.auto.conf",
        "pg_hba.conf",
        "current_logfiles",
        "global/pg_filenode.map",
        "base/5/PG_VERSION",
        "base/5/16384",
        "conf/pg_control",
        "conf/recovery.signal"
      })
  void whatBelongsToTheClusterIsKept(String path) {
    assertThat(BackupContent.isLeftOut(path)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"global", "base/5", "pg_tblspc/16400/PG_15_202209061/5"})
  void relationsLieInDatabases(String directory) {
    assertThat(BackupContent.holdsRelations(directory)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "base", "pg_xact", "pg_tblspc/16400", "base/5/x", "conf/base/5"})
  void elsewhereNumbersAreJustNames(String directory) {
    assertThat(BackupContent.holdsRelations(directory)).isFalse();
  }
}

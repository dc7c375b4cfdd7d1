package io.pgbackup.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WalFileNameTest {
  @Test
  void knowsEachKindThatPostgresqlArchives() {
    assertThat(WalFileName.parse("000000010000000000000001"))
        .isInstanceOf(WalFileName.Segment.class);
    assertThat(WalFileName.parse("000000010000000000000001.partial"))
        .isInstanceOf(WalFileName.Partial.class);
    assertThat(WalFileName.parse("00000002.history"))
        .isEqualTo(new WalFileName.History("00000002.history"));
    assertThat(WalFileName.parse("000000010000000000000005.00000028.backup"))
        .isInstanceOf(WalFileName.BackupHistory.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "..",
        "../000000010000000000000001",
        "pg_wal/000000010000000000000001",
        "000000010000000000000001\n",
        "000000010000000000000001.lz4",
        "00000002.history.lz4",
        "00000002.HISTORY",
        "000000010000000000000001.partial/x"
      })
  void refusesEverythingElse(String name) {
    assertThat(WalFileName.tryParse(name)).isEmpty();
  }

  @Property
  void noAcceptedNameLeavesItsFolder(@ForAll String name) {
    WalFileName.tryParse(name)
        .ifPresent(
            parsed -> assertThat(parsed.text()).matches("[0-9A-Z.a-z]+").doesNotContain(".."));
  }
}

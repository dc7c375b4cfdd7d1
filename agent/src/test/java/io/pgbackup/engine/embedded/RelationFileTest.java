package io.pgbackup.engine.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RelationFileTest {
  @Test
  void readsForksAndSegments() {
    assertThat(RelationFile.parse("16384")).contains(new RelationFile("16384", "", 0));
    assertThat(RelationFile.parse("16384.12")).contains(new RelationFile("16384", "", 12));
    assertThat(RelationFile.parse("16384_vm")).contains(new RelationFile("16384", "vm", 0));
    assertThat(RelationFile.parse("16384_fsm.1")).contains(new RelationFile("16384", "fsm", 1));
    assertThat(RelationFile.parse("4294967295_init"))
        .contains(new RelationFile("4294967295", "init", 0));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "PG_VERSION", "pg_filenode.map", "16384_x", "16384.", ".1", "1638 4", "t3_1"})
  void otherNamesAreNoRelations(String name) {
    assertThat(RelationFile.parse(name)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"t3_16400", "t12_16400_fsm", "t-1_16400.1", "t3_16400_vm.2"})
  void knowsTemporaryRelations(String name) {
    assertThat(RelationFile.isTemporary(name)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"16400", "t3", "t3_", "t_1", "t3_16400_x", "tt3_1"})
  void doesNotTakeOtherNamesForTemporaryRelations(String name) {
    assertThat(RelationFile.isTemporary(name)).isFalse();
  }
}

package io.pgbackup.cli.wal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WalArgumentsTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "wal fetch --socket /s A B",
        "--socket /s wal fetch A B",
        "wal --socket=/s fetch A B",
        "-v --config c.yaml wal fetch A --socket /s B",
        "-o json wal fetch --socket /s -- A B"
      })
  void optionsMayStandAnywhere(String line) {
    WalArguments words = WalArguments.of(List.of(line.split(" ")));

    assertThat(words.isWal()).isTrue();
    assertThat(words.verb()).isEqualTo("fetch");
    assertThat(words.files()).containsExactly("A", "B");
    assertThat(words.value("--socket")).contains("/s");
    assertThat(words.fault()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "restore --cluster wal",
        "--config wal window",
        "version wal",
        "--store wal",
        "-v"
      })
  void anotherVerbIsNotTakenForIt(String line) {
    assertThat(WalArguments.of(List.of(line.split(" "))).isWal()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"wal push --sokcet /s A", "wal push -x A", "wal push A --socket"})
  void anOptionThatDoesNotExistOrLacksItsValueIsAFault(String line) {
    assertThat(WalArguments.of(List.of(line.split(" "))).fault()).isNotEmpty();
  }

  @Test
  void nothingIsNoVerb() {
    assertThat(WalArguments.of(List.of()).isWal()).isFalse();
    assertThat(WalArguments.of(List.of("wal")).verb()).isEmpty();
  }
}

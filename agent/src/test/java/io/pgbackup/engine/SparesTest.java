package io.pgbackup.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SparesTest {
  private final Spares<byte[]> spares = new Spares<>();

  @Test
  void whatIsKeptIsTakenOnce() {
    byte[] array = new byte[1];
    assertThat(spares.take()).isEmpty();

    spares.keep(array);

    assertThat(spares.take()).containsSame(array);
    assertThat(spares.take()).isEmpty();
  }
}

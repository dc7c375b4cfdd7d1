package io.pgbackup.postgres;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class ControlFileTest {
  @Property
  void bytesThatAreNoControlFileAreRefusedAsSuch(@ForAll @Size(max = 400) byte[] content) {
    assertThatIllegalArgumentException().isThrownBy(() -> ControlFile.parse(content));
  }

  @Test
  void anUnknownVersionIsNamed() {
    byte[] content = new byte[8192];
    content[8] = 1;

    assertThatIllegalArgumentException()
        .isThrownBy(() -> ControlFile.parse(content))
        .withMessageContaining("version 1,");
  }
}

package io.pgbackup.postgres;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/// Rows as PostgreSQL's transactions leave them; its real files are read in the tests of restores.
class TablespaceFileTest {
  private static final int COMMITTED = 0x0100;
  private static final int ABORTED = 0x0200;
  private static final int REPLACED = 0x0400;
  private static final int NOT_REPLACED = 0x0800;
  private static final int LOCKED = 0x0080;

  private record Row(int oid, String name, int replacedBy, int mask) {}

  @Test
  void theMapSaysWhichFileItIs() {
    ByteBuffer map = ByteBuffer.allocate(524).order(ByteOrder.LITTLE_ENDIAN);
    map.putInt(0x592717).putInt(2).putInt(1262).putInt(1262).putInt(1213).putInt(16500);

    assertThat(TablespaceFile.fileNumber(map.array())).contains(16500L);
    assertThat(TablespaceFile.fileNumber(map.putInt(0, 1).array())).isEmpty();
  }

  @Test
  void rowsThatAreValidHaveNames() {
    assertThat(
            TablespaceFile.names(
                page(
                    new Row(1663, "pg_default", 0, COMMITTED | ABORTED | NOT_REPLACED),
                    new Row(16391, "fast", 0, COMMITTED | NOT_REPLACED),
                    new Row(16392, "schnell", 0, NOT_REPLACED),
                    new Row(16393, "locked", 99, COMMITTED | LOCKED))))
        .containsEntry("1663", "pg_default")
        .containsEntry("16391", "fast")
        .containsEntry("16392", "schnell")
        .containsEntry("16393", "locked")
        .hasSize(4);
  }

  @Test
  void aNewNameCountsWhenItIsCommitted() {
    assertThat(
            TablespaceFile.names(
                page(
                    new Row(16391, "old", 99, COMMITTED | REPLACED),
                    new Row(16391, "new", 0, NOT_REPLACED),
                    new Row(16392, "kept", 99, COMMITTED),
                    new Row(16392, "tried", 0, ABORTED | NOT_REPLACED))))
        .containsEntry("16391", "new")
        .containsEntry("16392", "kept")
        .hasSize(2);
  }

  @Test
  void whereNobodyKnowsWhetherItIsCommittedThereIsNoName() {
    assertThat(
            TablespaceFile.names(
                page(new Row(16391, "old", 99, COMMITTED), new Row(16391, "new", 0, NOT_REPLACED))))
        .isEmpty();
  }

  @Property(tries = 200)
  void whateverTheBytesNothingFails(@ForAll @Size(max = 300) List<Integer> ints) {
    ByteBuffer page = ByteBuffer.allocate(8192).order(ByteOrder.LITTLE_ENDIAN);
    ints.forEach(page::putInt);
    page.putShort(12, (short) 4096);

    assertThatCode(
            () -> {
              TablespaceFile.names(page.array());
              TablespaceFile.fileNumber(page.array());
              TablespaceFile.fileNumber(page.putInt(0, 0x592717).array());
            })
        .doesNotThrowAnyException();
  }

  private static byte[] page(Row... rows) {
    ByteBuffer page = ByteBuffer.allocate(8192).order(ByteOrder.LITTLE_ENDIAN);
    List<Integer> pointers = new ArrayList<>();
    int at = 8192;
    for (Row row : rows) {
      int length = 24 + 4 + 64 + 4;
      at -= length;
      page.putInt(at + 4, row.replacedBy());
      page.putShort(at + 20, (short) row.mask());
      page.put(at + 22, (byte) 24);
      page.putInt(at + 24, row.oid());
      page.put(at + 28, row.name().getBytes(UTF_8));
      pointers.add(at | 1 << 15 | length << 17);
    }
    page.putShort(12, (short) (24 + 4 * pointers.size()));
    page.position(24);
    pointers.forEach(page::putInt);
    return page.array();
  }
}

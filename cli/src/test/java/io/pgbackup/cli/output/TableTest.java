package io.pgbackup.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TableTest {
  @Test
  void alignsColumnsAndLeavesNothingBehindTheLast() {
    Table table =
        new Table("NAME", "SIZE", "KIND")
            .right(1)
            .row("a", "5 B", "full")
            .row("bcdefg", "12 KiB", "");

    assertThat(table.render())
        .isEqualTo(
            """
            NAME      SIZE  KIND
            a          5 B  full
            bcdefg  12 KiB
            """);
  }
}

package io.pgbackup.cli.output;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Columns aligned under their headings, two spaces between them, nothing behind the last. Cells
/// that hold a number or an amount are given to [#right] to stand at the right.
///
/// Not thread-safe.
public final class Table {
  private final List<String> headings;
  private final List<Boolean> right = new ArrayList<>();
  private final List<List<String>> rows = new ArrayList<>();

  public Table(String... headings) {
    this.headings = List.of(headings);
    this.headings.forEach(_ -> right.add(false));
  }

  /// These columns, counted from 0, are aligned at the right.
  public Table right(int... columns) {
    Arrays.stream(columns).forEach(column -> right.set(column, true));
    return this;
  }

  public Table row(String... cells) {
    if (cells.length != headings.size()) {
      throw new IllegalArgumentException(
          "%d cells for %d columns".formatted(cells.length, headings.size()));
    }
    rows.add(List.of(cells));
    return this;
  }

  /// Every line ends in a line feed. Without rows only the headings.
  public String render() {
    int[] widths =
        IntStream.range(0, headings.size())
            .map(column -> Math.max(headings.get(column).length(), widest(column)))
            .toArray();
    StringBuilder text = new StringBuilder();
    line(text, headings, widths);
    rows.forEach(row -> line(text, row, widths));
    return text.toString();
  }

  private int widest(int column) {
    return rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0);
  }

  private void line(StringBuilder text, List<String> cells, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int column = 0; column < widths.length; column++) {
      String cell = cells.get(column);
      String padding = " ".repeat(widths[column] - cell.length());
      line.append(right.get(column) ? padding + cell : cell + padding).append("  ");
    }
    text.append(line.toString().stripTrailing()).append('\n');
  }
}

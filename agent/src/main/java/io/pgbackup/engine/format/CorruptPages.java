package io.pgbackup.engine.format;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Pages of a base backup whose checksum did not hold when they were read.
///
/// @param count of all of them; 0 where every page was looked at and held
/// @param first a few, as `base/5/16384 page 17`, counted from the start of the file
public record CorruptPages(
    @JsonProperty("Count") long count, @JsonProperty("First") List<String> first) {
  /// A sentinel is read again and again.
  public static final int NAMED_AT_MOST = 10;

  public CorruptPages(
      @JsonProperty("Count") long count, @JsonProperty("First") @Nullable List<String> first) {
    this.count = count;
    this.first = first == null ? List.of() : first.stream().limit(NAMED_AT_MOST).toList();
  }

  /// `3 corrupt pages: base/5/16384 page 17, ...`.
  public String words() {
    String pages = count == 1 ? "1 corrupt page" : count + " corrupt pages";
    String more = count > first.size() ? ", ..." : "";
    return first.isEmpty() ? pages : pages + ": " + String.join(", ", first) + more;
  }
}

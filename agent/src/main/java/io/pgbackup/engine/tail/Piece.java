package io.pgbackup.engine.tail;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoredObject;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The WAL of one segment from a position to another, as an object of its own:
/// `pgbackup/stream/<segment>/<from>-<to><codec's extension>`, positions as 16 hexadecimal digits.
/// Immutable; pieces may overlap.
///
/// @param to exclusive, not behind the segment's end
public record Piece(WalSegment segment, Lsn from, Lsn to) {
  private static final Pattern NAME =
      Pattern.compile("([0-9A-F]{16})-([0-9A-F]{16})(\\.[a-z0-9]+)?");

  public Piece {
    if (from.isBefore(segment.start()) || to.compareTo(from) <= 0 || segment.end().isBefore(to)) {
      throw new IllegalArgumentException(from + " to " + to + " is no piece of " + segment);
    }
  }

  /// One that lies in the store.
  public record Stored(Piece piece, StoredObject object, Codec codec) {}

  public int length() {
    return (int) to.minus(from);
  }

  public ObjectKey key(ArchiveLayout layout, Codec codec) {
    return layout
        .streamed(segment)
        .key("%016X-%016X%s".formatted(from.value(), to.value(), codec.extension()));
  }

  /// The piece that an object in the segment's folder is; nothing for any other object.
  public static Optional<Stored> of(WalSegment segment, StoredObject object) {
    Matcher name = NAME.matcher(object.key().name());
    if (!name.matches()) {
      return Optional.empty();
    }
    Lsn from = new Lsn(Long.parseUnsignedLong(name.group(1), 16));
    Lsn to = new Lsn(Long.parseUnsignedLong(name.group(2), 16));
    if (from.isBefore(segment.start()) || to.compareTo(from) <= 0 || segment.end().isBefore(to)) {
      return Optional.empty();
    }
    String extension = name.group(3) == null ? "" : name.group(3);
    return Codec.byExtension(extension)
        .map(codec -> new Stored(new Piece(segment, from, to), object, codec));
  }
}

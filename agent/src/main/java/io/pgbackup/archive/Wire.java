package io.pgbackup.archive;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.zip.CRC32C;

/// Moves whole messages over a blocking channel: content is followed by its CRC32C, so that a
/// transfer that was cut is never taken for a file.
final class Wire {
  /// The JDK keeps one direct buffer for each thread, as large as the greatest transfer it saw.
  private static final int SLICE = 128 << 10;

  private Wire() {}

  static void writeFully(WritableByteChannel channel, ByteBuffer octets) throws IOException {
    while (octets.hasRemaining()) {
      channel.write(octets);
    }
  }

  /// @throws EOFException if the other side closed before that many octets came
  static ByteBuffer readFully(ReadableByteChannel channel, int count) throws IOException {
    ByteBuffer octets = ByteBuffer.allocate(count);
    while (octets.hasRemaining()) {
      if (channel.read(octets) < 0) {
        throw new EOFException(
            "the connection ended after " + octets.position() + " of " + count + " octets");
      }
    }
    return octets.flip();
  }

  /// Fills all of the array from a file. Not as `Files.readAllBytes`, which takes as much memory
  /// outside the heap, and its thread keeps that.
  static byte[] readWhole(InputStream file, byte[] content) throws IOException {
    for (int at = 0; at < content.length; ) {
      int count = file.read(content, at, Math.min(SLICE, content.length - at));
      if (count < 0) {
        throw new EOFException("it ends after " + at + " of " + content.length + " bytes");
      }
      at += count;
    }
    return content;
  }

  static void writeSliced(WritableByteChannel channel, byte[] content) throws IOException {
    for (int at = 0; at < content.length; at += SLICE) {
      writeFully(channel, ByteBuffer.wrap(content, at, Math.min(SLICE, content.length - at)));
    }
  }

  static void writeContent(WritableByteChannel channel, byte[] content) throws IOException {
    CRC32C crc = new CRC32C();
    for (int at = 0; at < content.length; at += SLICE) {
      int count = Math.min(SLICE, content.length - at);
      // now, because it stands in a processor's cache when it is sent
      crc.update(content, at, count);
      writeFully(channel, ByteBuffer.wrap(content, at, count));
    }
    writeChecksum(channel, crc);
  }

  /// Fills all of the array.
  ///
  /// @throws BadRequestException if the content does not have the checksum that follows it
  static void readContent(ReadableByteChannel channel, byte[] content) throws IOException {
    CRC32C crc = new CRC32C();
    for (int at = 0; at < content.length; ) {
      int most = Math.min(SLICE, content.length - at);
      int count = channel.read(ByteBuffer.wrap(content, at, most));
      if (count < 0) {
        throw new EOFException(
            "the connection ended after " + at + " of " + content.length + " octets");
      }
      crc.update(content, at, count);
      at += count;
    }
    readChecksum(channel, crc);
  }

  /// Copies exactly `size` octets and compares or adds their checksum: reads it from a socket,
  /// writes it to one.
  static CRC32C copy(ReadableByteChannel source, WritableByteChannel target, long size)
      throws IOException {
    CRC32C crc = new CRC32C();
    ByteBuffer buffer = ByteBuffer.allocateDirect(SLICE);
    for (long left = size; left > 0; ) {
      buffer.clear().limit((int) Math.min(SLICE, left));
      int count = source.read(buffer);
      if (count < 0) {
        throw new EOFException(left + " of " + size + " octets are missing");
      }
      left -= count;
      crc.update(buffer.flip());
      writeFully(target, buffer.rewind());
    }
    return crc;
  }

  static void writeChecksum(WritableByteChannel channel, CRC32C crc) throws IOException {
    writeFully(channel, ByteBuffer.allocate(4).putInt((int) crc.getValue()).flip());
  }

  static void readChecksum(ReadableByteChannel channel, CRC32C crc) throws IOException {
    if (readFully(channel, 4).getInt() != (int) crc.getValue()) {
      throw new BadRequestException("the content does not have the checksum that came with it");
    }
  }
}

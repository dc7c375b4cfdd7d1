package io.pgbackup.telemetry;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/// An object being read, its bytes counted.
final class CountedInput extends FilterInputStream {
  private final StoreTraffic traffic;

  CountedInput(InputStream in, StoreTraffic traffic) {
    super(in);
    this.traffic = traffic;
  }

  @Override
  public int read() throws IOException {
    int octet = super.read();
    if (octet >= 0) {
      traffic.read(1);
    }
    return octet;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    int count = super.read(bytes, offset, length);
    if (count > 0) {
      traffic.read(count);
    }
    return count;
  }
}

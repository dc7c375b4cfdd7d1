package io.pgbackup.engine.format;

import com.fasterxml.jackson.core.JsonGenerator;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.format.FileDescription.Content;
import java.io.IOException;
import java.io.OutputStream;

/// Writes a manifest as a stream: memory does not grow with the number of files. Not thread-safe.
public final class ManifestWriter implements AutoCloseable {
  private final JsonGenerator json;

  /// @param sink gets the packed document; closed with this writer
  public ManifestWriter(OutputStream sink, ObjectCipher cipher, Manifest manifest)
      throws IOException {
    json = Documents.STREAMING.createGenerator(new Packing(Codec.ZSTD, cipher).packing(sink));
    json.writeStartObject();
    json.writeNumberField("version", manifest.version());
    json.writeStringField("backup", manifest.backup().value());
    json.writeArrayFieldStart("tablespaces");
    for (Manifest.Tablespace tablespace : manifest.tablespaces()) {
      json.writeStartObject();
      json.writeStringField("oid", tablespace.oid());
      json.writeStringField("name", tablespace.name());
      json.writeStringField("location", tablespace.location());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeArrayFieldStart("files");
  }

  public void add(ManifestFile file) throws IOException {
    json.writeStartObject();
    json.writeStringField("path", file.path());
    json.writeNumberField("size", file.size());
    if (file.content() != Content.WHOLE) {
      json.writeStringField("content", file.content().name());
    }
    writeIfKnown("sha256", file.sha256());
    writeIfKnown("part", file.part());
    writeIfKnown("pageLsns", file.pageLsns().orElse(""));
    if (file.extent() != file.size()) {
      json.writeNumberField("extent", file.extent());
    }
    if (!file.corruptPages().isEmpty()) {
      json.writeArrayFieldStart("corruptPages");
      for (long page : file.corruptPages()) {
        json.writeNumber(page);
      }
      json.writeEndArray();
    }
    json.writeEndObject();
  }

  private void writeIfKnown(String key, String value) throws IOException {
    if (!value.isEmpty()) {
      json.writeStringField(key, value);
    }
  }

  /// Ends the document. A writer that failed must be closed as well, and what it wrote thrown away.
  @Override
  public void close() throws IOException {
    json.close();
  }
}

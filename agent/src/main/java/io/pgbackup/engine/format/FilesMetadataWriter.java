package io.pgbackup.engine.format;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;

/// Collects `files_metadata.json` while a backup is packed, and writes it when all is known. Until
/// then it is kept compressed, some 20 bytes for each file. Not thread-safe.
///
/// WAL-G takes the names for a whitelist at a restore, by exact comparison: what is in a tar and
/// not in here is lost silently. So whoever adds names them as they stand in the tar.
public final class FilesMetadataWriter implements AutoCloseable {
  /// As many corrupt pages as WAL-G lists by itself.
  private static final int MOST_CORRUPT_PAGES = 10;

  private final Section files = new Section();
  private final Section tars = new Section();

  public FilesMetadataWriter() throws IOException {}

  /// @param member spelled as in the tar; a directory too
  public void add(String member, FileDescription file) throws IOException {
    JsonGenerator json = files.json;
    json.writeObjectFieldStart(member);
    json.writeBooleanField("IsIncremented", file.content() == FileDescription.Content.INCREMENT);
    json.writeBooleanField("IsSkipped", file.content() == FileDescription.Content.OF_THE_PARENT);
    json.writeStringField("MTime", file.modified().toString());
    if (!file.corruptPages().isEmpty()) {
      json.writeObjectFieldStart("CorruptBlocks");
      json.writeNumberField("CorruptBlocksCount", file.corruptPages().size());
      json.writeArrayFieldStart("SomeCorruptBlocks");
      for (long page : file.corruptPages().stream().limit(MOST_CORRUPT_PAGES).toList()) {
        json.writeNumber(page);
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    json.writeNumberField("UpdatesCount", 0);
    json.writeEndObject();
  }

  /// A tar object that is finished. WAL-G may pass over one that is not listed, so all are, but for
  /// that of the control file, which it looks for by its name.
  ///
  /// @param tar its name inside `tar_partitions`
  public void addTar(String tar, List<String> members) throws IOException {
    tars.json.writeArrayFieldStart(tar);
    for (String member : members) {
      tars.json.writeString(member);
    }
    tars.json.writeEndArray();
  }

  /// Bytes of memory that the list takes now.
  int held() {
    return files.compressed.size() + tars.compressed.size();
  }

  /// Writes the document; nothing can be added any more. Does not close the sink.
  public void writeTo(OutputStream sink) throws IOException {
    try (JsonGenerator json = Documents.STREAMING.createGenerator(sink)) {
      json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
      json.writeStartObject();
      json.writeFieldName("Files");
      files.copyTo(json, sink);
      json.writeFieldName("TarFileSets");
      tars.copyTo(json, sink);
      json.writeEndObject();
    }
  }

  /// Frees the compressors of a backup that failed.
  @Override
  public void close() throws IOException {
    files.json.close();
    tars.json.close();
  }

  /// One of the document's objects, compressed.
  private static final class Section {
    private final ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    private final JsonGenerator json;

    Section() throws IOException {
      json = Documents.STREAMING.createGenerator(Codec.ZSTD.compressing(compressed));
      json.writeStartObject();
    }

    void copyTo(JsonGenerator document, OutputStream sink) throws IOException {
      json.writeEndObject();
      json.close();
      document.writeRawValue("");
      document.flush();
      try (InputStream plain =
          Codec.ZSTD.decompressing(
              new ByteArrayInputStream(compressed.toByteArray()), "files_metadata.json")) {
        plain.transferTo(sink);
      }
    }
  }
}

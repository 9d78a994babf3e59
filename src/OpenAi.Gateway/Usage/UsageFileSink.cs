using System.Buffers;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace OpenAi.Gateway;

/// <summary>
/// Appends each record to a file as one line of JSON, and each batch in one write. The file always ends with a whole line: what a crash tore is
/// cut off when the file is opened, and what a full disk tore at once.
/// </summary>
internal sealed class UsageFileSink : UsageSink, IDisposable
{
    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly ArrayBufferWriter<byte> _buffer = new(16 * 1024);
    private readonly Utf8JsonWriter _json;
    private long _end;
    private bool _isTorn;

    /// <exception cref="InvalidOperationException">The file cannot be opened; the message says why.</exception>
    public UsageFileSink(string path)
    {
        _path = Path.GetFullPath(path);
        _json = new Utf8JsonWriter(_buffer);
        try
        {
            _file = File.OpenHandle(_path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);
            _end = UsageFile.EndOfLastLine(_file);
            RandomAccess.SetLength(_file, _end);
        }
        catch (DirectoryNotFoundException error)
        {
            throw new InvalidOperationException(
                $"AddOpenAiUsage: the folder of File '{_path}' does not exist. Create the folder, or correct File.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _file?.Dispose();
            throw new InvalidOperationException(
                $"AddOpenAiUsage: File '{_path}' cannot be written: {error.Message} Let the app write it, or correct File.", error);
        }
    }

    public override ValueTask WriteAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken)
    {
        MendFile();
        _buffer.ResetWrittenCount();
        foreach (var record in records)
        {
            _json.Reset();
            JsonSerializer.Serialize(_json, record, UsageJson.Default.UsageRecord);
            _json.Flush();
            _buffer.Write([UsageFile.EndOfLine]);
        }

        return WriteAsync(cancellationToken);
    }

    public void Dispose()
    {
        _file.Dispose();
        _json.Dispose();
    }

    private async ValueTask WriteAsync(CancellationToken cancellationToken)
    {
        // Nothing is kept in this process, so a crash of it loses no line that was written.
        _isTorn = true;
        try
        {
            await RandomAccess.WriteAsync(_file, _buffer.WrittenMemory, _end, cancellationToken);
            _end += _buffer.WrittenCount;
            _isTorn = false;
        }
        catch
        {
            MendFile();
            throw;
        }
    }

    private void MendFile()
    {
        var length = RandomAccess.GetLength(_file);
        if (_isTorn)
        {
            RandomAccess.SetLength(_file, _end = Math.Min(_end, length));
            _isTorn = false;
        }
        else if (length > _end)
        {
            throw new IOException($"Something else writes to {_path}. Give each process a file of its own.");
        }
        else
        {
            _end = length; // Cut from outside, as rotation of logs does it: what follows must not leave a hole.
        }
    }
}

// The same in C++.
#include <iostream>
#include <string>
#include <vector>
#include <zbatch.hpp>

int main() {
    std::vector<std::string> records;
    for (int i = 0; i < 100000; i++)
        records.push_back("record " + std::to_string(i) + " of a table, row " + std::to_string(i % 77));
    try {
        const zbatch::compressor compressor;
        const zbatch::decompressor decompressor;
        const zbatch::collection frames = compressor.multi_compress_to_buffer(records);
        std::size_t i = 0;
        for (zbatch::bytes item : decompressor.multi_decompress_to_buffer(frames))
            if (std::string(reinterpret_cast<const char *>(item.data()), item.size()) != records[i++]) return 1;
        std::cout << i << " records in " << frames.size_bytes() << " bytes\n";
        return i == records.size() ? 0 : 1;
    } catch (const zbatch::error &e) {
        std::cerr << e.what() << "\n";
        return 1;
    }
}

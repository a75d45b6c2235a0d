# A chat with Net::HTTP, read line by line as an assistant written in Ruby does: prints the text that it got.
require 'json'
require 'net/http'
require 'openssl'

uri = URI("#{ENV.fetch('BASE_URL')}/chat/completions")
proxy = URI(ENV.fetch('HTTPS_PROXY'))
http = Net::HTTP.new(uri.host, uri.port, proxy.host, proxy.port)
http.use_ssl = true
http.ca_file = ENV.fetch('CA_FILE')
request = Net::HTTP::Post.new(uri, 'Content-Type' => 'application/json', 'Accept' => 'text/event-stream')
request.body = JSON.generate(model: 'm', messages: [{ role: 'user', content: 'hello' }], stream: true)
rest = +''
http.start do
  http.request(request) do |response|
    raise "HTTP #{response.code}" unless response.code == '200'

    response.read_body do |part|
      rest << part
      while (line = rest.slice!(/\A.*\n/))
        next unless line.start_with?('data: {')

        print(JSON.parse(line[6..]).dig('choices', 0, 'delta', 'content') || '')
      end
    end
  end
end

/**
 * Records as the first version wrote them, with the CRC-32 of the float64s that they hold: never to be changed, only to be
 * added to. Later versions read them for ever.
 */
export const FIRST_RECORDS: readonly (readonly [label: string, base64: string, checksum: number])[] = [
  ["float64, plain, 3 dimensions", "4QEFAxgYLURU+yEJQAAAAAAAAACAK+Zwi2gSAAD4+Sru", 3770197200],
  ["float32, plain, 2 dimensions", "4QECAggAAAA/AACAPnJNDNk=", 495952133],
  [
    "float64, zstd, 256 dimensions",
    "4QEVgAJSKLUv/QAITQIABASeNqt5/6KoP22QNY1Gv9K/nCOXk3HU1b8D8RrUCpqYP4sdFsJ426u/Exv0zUWqwj9jDtQae0/iv6LbtRXsaMO/AQBA78MfosnbZ+Y=",
    3099063249,
  ],
  [
    "float32, zstd, 256 dimensions",
    "4QESgAItKLUv/QAAJQEA4AAAAADNzMw9zcxMPpqZmT7NzMw+AAAAP5qZGT8BAIT/ajoB/81kbw==",
    2735294509,
  ],
  [
    "float32, zstd, 512 dimensions",
    "4QESgARGKLUv/QAI7QEARAMAAAAAzcxMPs3MzD6amRk/zcxMPwAAgD+amZk/zczMPZqZmT4AAAA/MzMzP2ZmZj/NzIw/AQCU/P0VFK/+ypY=",
    2173205379,
  ],
  [
    "float32, 11 bits, 64 dimensions",
    "4QEyQHIACwIGXfTsDK0YWX3FdE5r/k1HM92qoFS9W59nVKUqqxhsnzEAR3sxfb4+VQHnGcdFrNX+unQ1a45oAJIVTEeyiAwUQOn2cdOXHU3K0Hdk0/5KMh4gjf8Alf0WccA4QECoK5zYOuNwUgkAn5toP9sLAgCAb4//",
    1941342754,
  ],
  [
    "float32, 11 bits, scaled, 64 dimensions",
    "4QEyQHUECwcGR+YbpYGrY5UlLbyrAPwiL7Zx+P90pwx8eoE5Yln6A0xJcsU3DNyui98uatizxMtpw9GaXcpVV7Q6c8byxqZieVFkVDJGzLvN/XvN4j88FcTgYlAirj2nVgTouRyfTF1NJGqiLGflmQKVVXizSYEesATHy+Y8",
    3634246650,
  ],
  [
    "shortest decimals of float32, 8 bits, scaled, 96 dimensions",
    "4QExYIgBBAgHBhSHpbvEe3fYOwVdGo5h8j7Ci3CCxpUz+Bs+D5rXm1eBKal9U5aFMpOAD+xUHrObG7dO6DgVd2B4GviqbiWk9Z0qnySTN3PnTXXuTmHFT2jzxcoyhEYXHGiYq2i5MtsV23Gilp/HmrwHHOH5hd66i/2A6dQBTLbYrIJvQATc6zU+Z5QFALW1Pd4=",
    3600065391,
  ],
  [
    "shortest decimals of float32, 8 bits, scaled, normalised twice, 300 dimensions",
    "4QExrAKdAwwIBwRRKWQFC6ZwbIXKzAFRAjs0Mx/1OnBzm/wlhxH6Grdo1aIEOARFsBzGo7pjW/mPqUs4LYSOLxupjcwgcP7z9UGYKxlZiUJeXFJKq5zRFEar+zob9L7rwkqMQd2wXPs8bxPUiWxw+OvVgdfEWkXMbW6iamjiVzbGIyPywmyOWK/pLcPyPKFInoDcmGpfO9oZRRgL3Djf1L4BD+gVYa6alNWicmElXqXTVpSY0OIYr//kMttTX+1ogn8yDQo2spr/hM7zTjv6K8UZ6CZrY8HNJ42smt7WaC0PcTiIOKAMaYZW4Xm9sYQomI6mLYF84Y3Yu0fd2LKJ5x3Y3XzvSxUk9IpDIIIFHZZ9klxmFQF4sX/wF+r1pMWtNupumHkYdWVY3PSEnILNWxW2BQ8lHpxcAhmkQU5MO7AfQ/Gof80z5hdWi82lUYcbKJOGmBvRlEhu9e2RnMk8t58cGmdXZCrtgxVm9H7qFEHESYqorumslgDiTr8y3tw/Ubx4QrsN9FwoM/VtrNy1SrkMoFjdtdxRpBnJ1L+qLVrvFQIXoV/3bQ==",
    302574618,
  ],
  [
    "shortest decimals of float32, 24 bits, 64 dimensions",
    "4QExQNkBABgFBiERCM479VUCmxdlMFy2uPRutgPKhfDWyPvoR1vzjGnDPeQxNtw058Bl60zmhsfWD+xtoC8+ikHF7/uMNm+L1i8UZyNHoVgS4sMLJGqFOsMcEfqCiOUonLPA3L7bnounAeRkat0qAxMHm6HYVl1VDnETNcZg1bkKAySeJJA4YPNkinldWJ1UolQwd6F6nfu0KnSTW3rUIB8ZsCL8Ou7kS543qNiK1VQHI7I2+WcsQOECc0NnmL9URXtkeOwSHaAK4FFhmrKV9bTVW1M8u9emIoXc9xABAEBFrtQ=",
    504457114,
  ],
  [
    "shortest decimals of float32, 24 bits, 300 dimensions",
    "4QExrALpBwAYDgTpqG/NfT2fhAqx8Rim3v+Y6cLI9XnjTJhCWUOFswl1rQJRys2833qX85YN43eMHWb+Vchkcq41OxjxgfLDLBTPiJuZhe7CAXB2+IwuFm1tm5WUKjq2wXc+rcp9Krbyu7l8r/BAIdkTUtHV9TIXdNtfGlWa7NqfAY6c3m0BZEA/joHIhhrJP54d073srLwy0weUVWHBrA0Pk4+5oMQcmoK/O/q1StJN4cnqVvbEyjTFgfrNcmQZcyvGbFEkcW9L/5RBkjC6X5/PpCmFO/Gb4nAGwD4QhabpLLM1OANu9JpXJQaWzEwJb4jRWwT0EUuvzObX5rVVH7i7irWXqjNhsbOG6bkFWSEu7HoPlKOHP6Y0zA0BJK57Kc/1j5Y+J/YGigaO9RuQ3/C+YoMnPMOjJTuRtlQjvgijCDRdcbmgRszLt7unCjtjCOL3d9vNl4ocu3BmUL3RjtbrfXUJfo6xIjvQQQc/lhhY9f5wjtaTkLOWcSMp6NEWuBhX0LXU6hjc0EZYUmHndZQl6XNs/1/DyXypKx9jh7Z13n7D3mxlUwzIUTmlqT8/IwspmowBTtIqnvkt9o/3ARxwMQsP1A6nNrJPT6fs2eeUpHKyDx6eSo5wOGlB2zO9Gdt53tmqk6xUW+phT2CsEey9yH2yDBg2Zst0Bju2+Qerw0LCLBqH0qcwkdaw2KRUDi5vr9ce9qyT11BLPxXcq/vUy/HbgYh6ZPQA87hRNbcW8ux1Ps0UX1yniPFesSqs/BZyNy5oWBpPILZt6Z723/XpMS4gJ7qMnyKv7ps3Wq96Qv78jstZmSS0wZ51XGSSsCtJTxGdXPc2DUyEOjop6AIW0GNCjcKTg+kJUFyCmTiSNzU/kBIHdpCRW/Gd2O8bbMOyR0cDHdB68Z2Z114DjwB44LFFY7H45jS86lKJlk3FCgnWK2ToK/Ub183PTcKXD2SF6wv9RfrevK+gBVJ+8Q8Gt5FiMSDxzlD8jU7GcANWjYmyOcSP6ypE+UjXQo3EmVQKVjZVaLJkliY9UAffYyjQrotUpFUFvusBtdRPkzKEA6u+1z7XEYA9PZaRrX4tcJlSohf8n+FXsJhrm4MDRslHsAE7AAgsM0BmxDhsPBhQ2NieRw/NF+ccCAjk1aQMqRn8TKhzG2zuMuTYaC5oEyIgseDlgi9WaYWmIzEukHXXgp5RoQzdQOehum3Tp//NKnBLuRtr3v1tS+LoRgpGKfmtZfiJ8Vn5bpXrHBmLJTV0b/sft3CnCCqeRM10qU79u4zVVrTeqt8ByraHy/i9E5MFvgBqO3BIMCDlfEJ0YeBnz9ZGYT/wxfDSbqWFiiAADgE6wg==",
    1369268849,
  ],
  [
    "float32, 24 bits, 40 dimensions",
    "4QEyKIoBABgFBo4KPKjJ0ggCHSlRXTIQApOcDjCt5hr7WtVJSAmN/CcLvJ8G9OuI5gW4/UVgrUkVBJOUBx877vD39u5dqX/zjNgqw/6TgYc5Xu5ZEK1gtgFlinX/r+7eZPhr60MKJ8gw8D5m02FSjyPYPPp9u0H0U3GkjRr99VURRi0l6mIbpIFGxeKPylcAulAeBQ==",
    799678062,
  ],
  [
    "float64, 53 bits, 40 dimensions",
    "4QE1KJoCADUHCA8TFychOZn2KcmvPj6eic5n1jazjJf5SEmmdy+Rr7nIZxdda5s8UsTlxVuEm0RFMP1+9O4AMlOflToaZrmkSuBmkDlFi5EOKL5AGKGSamEIWU0jJ16OUvM2QEmDt1stbxO8Z5yPgWEFRpt4q8eve2xS1hM2aVeo8fCB2rl8xvH//Xmuy39sNQR1akPhID3ZlP5wXA3I7lNpOmX+y5x773Fln3CjKaQast6bEx0VE/Itk/VocgUUeqfvFcswapBGwT5wmLIfs3SdoWEQlMqMba1Te8ntbobhywTERjRJ3lPPWKZ9D7krDboVCSO1EA+GdxEq+8+DOfwGGWxapQlKJ2C+So4Feiygk034AxszB2UOH8rBV2gAuzbI6g==",
    848570233,
  ],
  [
    "fixed decimals, 19 bits, 64 dimensions",
    "4QE0QJ8BQBMELhcGDbnu5hLPD1jBCL7jkNazRNXCeDnwoXZcHDptCCFKz5CCl58O/aly3Io1sasGybFv+x7gPbGOhaPgonEcnCVSQSsfum32LFunXVYDx+Aw5+AvWlhg37jw2Set41YCjOeTWixttWxR7uxtzoBtGFE+0WRxqC91Upy7/HyMhTxkhD1kmzEl5jvPp2pDJT5e2rcD4i2IL58KuCsx7zBN8g==",
    3884322195,
  ],
  [
    "fixed decimals of float32, 11 bits, scaled, 200 dimensions",
    "4QEzyAHcAgQLBwQJi7GBr6fET224ufF1CjQuN5mfhmGvZ+AawqSiCleexXhqFuLoTohFRGX0EYhQh/TX5nAMuqwuZnwLj6NApgb4ldDW0e0gb34N5zIYx+KJIEWK7p88cooeNGt9EmZ8170YqBbsv63Qtd9wsOtgzK/Pp46KjgQ5CkYMrzLX0S7QlSToAlU7Ovpb3U1nSkxH5zyjNtap/eKQCl9oUox336ARq6NUd49i0Z2CMY1vsp1fsE2uaFvUE38/v6dS5HzXSfmgN9lNDyPuU9c5g4kOjRnmmgbJR7PeTjM+iRcmCtRph4mvEWz5c3CKPo021ld33wYmjMVS3WQBBYmxju8s6AgFIajdUwvmmg6zCwi0T/g8DAutWCoswx+bmttfxN4M+hx2gWTDxe2KLlLQZG1gMIYU89Y3sS+Oh3xUADKLnAKGF+aaDMMCGVJREaOCjkUDnG3zYt2FRc2GAPZy2GY=",
    3838353791,
  ],
  [
    "fixed decimals of float32, 11 bits, scaled, exceptions, 256 dimensions",
    "4QEzgALjA9NLBgQSAwlBEmgKKzIIsiMQ2uwREw660IpuBNU2fZTYxY4qk9OTwaOT6TKoHGQraCQ1D32T4PZoegdhdQHFzelteZ1VFAm6Bxo2WbexvGK1Cou4GYCxOQAVicZXAtK9UDLSXkuR+Ucp8rBrtLqgUi2cs+wHTNIVVo1lwKRmmModQm8Vo4RFeOXgBg8aKNAnKKOACpb8plnaHDgALDhiCkVrAgpdfKvsMieUMwBjpMDluAEBHc9/q0s21KGapCPBsIWLQAylYvhhtjOsAjYBk85jj804eL5IEYwBsbqx5MHKS3rDcGKEliU26NlqB0kYC2hWG1lUgz4tWf2jEUVBckUAW0fKBo4oGGBQDyLAkZbUlaTUgegHUuDpwn1oS70cyl8DqAvcGUMF21ahy4qCD9maEeFnVG0z5iCLeyo1BHPGqvulscar1TdfsRozVEu/xsv/ma7VmbHwQhTjIIeorIZfDcrq1zPkmRclOW3geIRHwOXSQ+FfZc2yOTGexkSYLpVqODQHpz5ulSMWPvENqeRq/B7rU97SXyIDdg4bGdA5OAmzM2ycdMuY9Gpl+jGJoTxGYZRPfA03KK6ZYiCHHQrSruUZYsn4d4byVLM7vJL5nGFzetMCB6kwm8fypZT0pkkCAIbTq/E=",
    2870479766,
  ],
  [
    "float32, 11 bits, scaled, exceptions, 256 dimensions",
    "4QEygAKCBNNLBgQSA3UR/gsNI7nQTagNjIxhx5nZsSKfEwAb0gNC+YThs3B8ROo2im8m6pLUDYgPiY/M8S0wvlqLV+4WY1WL56vFqC5+ZPFRiweJD8vibAyf1fVMl21xRHyMXXx5m6zFAzmhawuGNuGipkvi0cfATMNnmcB23PTQYPS6SAEgOBE0ELSDpm5PL6zfRatgBwyNqEDlXEYkdg1ih4P19ykb26Lv2RYVpbtTnNPV24XDKsvo7oS04osMUKTjoWK+RzC7e5yKjSC+QAm3rzIo+c2QMzFFcDbHqJZBU9yjoFeIryTeVVADddNETlNZscFqV5ugK6GNNI//XBiZyd4/r07hia8alGEzNzR9JxVCLN7vygeI0nCbKBKUiF9JZBR5Ojm2SZh2FqpmoBLCsdlwE6pQdrYIehL9l+bUAYOX8XyIKBIoAvYgoCMcuWwPLoH5slIRsdhghdidyaZfWcxONVEHkpRr+8iQfdlFBPNTLVaDk3Htbr4hicpCs90ZgVRGlWYArBgsBRG7XUwcBLw0csVfAgBSci93uSqksOawlw9vPepTzVc8rfYIcHR3die9N2Cs8nxexnu+esMS1rjdS3NYtXfIi3r5wwk8GgTWJcvxIDvllEOHJyhM2NpYtRVx8TsaTZ0aJE6+FZUL81+iq1a22GrNQyVtUFjaQT8dsfBVqhzVutEy",
    1033939079,
  ],
  [
    "float32, 8 bits, scaled, 520 dimensions",
    "4QEyiAS2BQQIBwLkcvytCed40/sAVpWfYGv6LGCH3VI4M8qNxExwesKb9NawtdR0ftR8TCw9ii+lWyA0VZp1uhNHQLDMIUc6AWWB+wFxaZ1pscoICYlQU+s2SmhZ9XYsFe0ASAwuKbcCPdqSeuaGx4CPbXow8dqskmAFQuxDrW7bVn7YKr1mLQc+ZFInpiEuPOy7zJHkJu8xHPKKJzGLeWhmY7iAVKihz/7uNWjfC59RFEER2OLQYQ1N9a4/ar08druo2DurcqNjes1Lh28s85Sla6Pk411+pDGRIVv4xAfQXfJA0AJ3utNy4xiZWCtEh4CVoVrXxmvAnOhhCAwcXTuXHzMYGspIDaPp37qHL/v9YEABHjXHCxdREO4exIiemK+zalb+eJBhG5aI6cx8ZxCUwMdZC4Or0EifHv2Wo1m1xZTg5/B5jCv1m5CSq0qEfHnLvxnRjC/8M6405X86ldf+iiXHdw9CQ2cojw1imsgtZ+pDI5MQuM/WXGHZkctzYe94zNq9DcEYfw8fSoQUj9EpqqXq16TH1g4bb3xIiZGX5ZeExGx9UQtgbtuf7g7x7sj57K0wc+Ume/gffICAMcmE4K8VLUsmdhISm89zJcJo1AihB9uWpVQAJrN3m7Mcsz8nK6AzTYiNl2/gOaDUXWThA8ANGqvL/qX4oRgKHo5iywaqzme890CSoWRKMoruyzz97gd0tLDfy+Gdai64rBsfj2B+XPKCKuaVgxNIoMYEZ6oVvp9DTFrWz04M7kRbajsu189ezeDYaMBAJb1A9chjDcojpTc+FB4TfgqRnGRDyhYAn2C5xmrbKDVNrzVXa9pBwLSJ95aWjYI4H5LKLSfTeDecsSNRUdur+9a1xjC6bNw3ZluqYC2MFSeWgKu92Mzc3iguF+VtkFcU+JsiUAI/sgIA8qq8DTihHFJbiKf6",
    490696555,
  ],
  [
    "shortest decimals of float32, ties up, 8 bits, 300 dimensions",
    "4QE2rAKNAwAIBQQS9mr19bykTwTUZM1pw7txnpaBABfA/ZHm1HF+ApMmr/CEovhrDroAhPztidbm2YM0ld+BbrEuE9pxJi5s0tPx9v01k6JzcHZiNsyYUHFjOSBdOUKhKPC57F6KunFijJSWufzLRHf7k9Q/IzeghiYOpaZC8fUjWEawX2irceIbXiDKxPF6lKf8kNr3moFvSkdsuyfJGJvYn919PpJ1k/FMHOviEdUXEh3PnkWb0ZPBmOrcxjLbQwhXIJpWWvXMExwzS3YG1wtyfWkv+np+oLL2l+30ccy8fzDShssE02RNkX60zn7XZzLOPXpWn4vWAGRaNcQH98E4u5lfLIBEJIwxWagR69vqPfA5odUaQG26Zmz8BiS9Sot2EW2xKlZSL1l7sWcOyuSCfCVpkPs1UDqnPHpaH70+4dPD+plMadlM/Y7+89OAv+6D4Yf4Rvd27oBIthZiUB2gmj8AMi+GeGqMltnVj5ZUesBosulC5EMrB1EMnCdtoKQLnCyVFFTKrArsvQfmHIZ2BQBkiquA",
    239906270,
  ],
  [
    "fixed decimals, 22 bits, exceptions, 64 dimensions",
    "4QE0QKkBYBYGLhcGAQMYLURU+yEJQH5l+pQl+/2p7qsmGQT/2N1oUeAYoj/0bfN8YCntjpiKiqeRqRdlcwO45t8AqkDvPtbxIeXZs0Ube9+agAkxc7wziE6ufgYYox6CkaGVaJ+NpjOG0oABXrJfojgksF5moA86blf6I/fwKRYREnvUqI5E1MH5cCfwDQSOHv6+kOan9ckTYseg1pxb1/w+pP+PasqpVK2PZJ92ACD2gD0=",
    129478549,
  ],
  [
    "float64, plain, 40 dimensions",
    "4QEFKMAChV3G2x2Pzb/N4EJTtTLDv52/sToQza0/K+Zwi2gSAAA1Fs/p1G23P50lmvwGtdC/zDgkZ40HtT8HKoAcdwarP3j6IJkP+9k/AAAAAAAA8H8jxhoFWvmEP+/djn0xk5k/+u1g/ssDqD9nvHuPF6CnP3HYnNi5hNA/Lx5yOuMC0T/Sfniem6vOP0b9pw1kkKY/9bMNWUuXyr9YRoelE1zAvypYCeE2u5m/LC7hMmU+w7/k7F6ge8uxP+HNqfzUnMS/3ZYyjh/+aL/coLS74UHJPz3hsFCpO6+/Hhrojrebt7+Dbhv9Tr9kP0tOqKJ12sg/KyI6xfKCVj+GSBRcIcrhv2LPpMstCra/EZgE/I4eq7/ac1969oFjv9fcFrngc8u/TNtqgF5QpL97vS4yvaPVP7TWL5wLfcU/MaILzicBo7+dA7qC",
    3042640164,
  ],
  [
    "float32, 8 bits, scaled, 400 dimensions",
    "4QEykAOSBAKIBwQEas1H+VG2IUsctDTrZ+cWVjKjcgR3YIQjHEVwQUQ9hH7SvHPD6bEha+6i0I9lbRMqYM+7CZ/HfsBsVqHt0mjjCNzd9EkqKdY3d31Em2duB2JtWFLp+tq43PG/WVO+/IMZb7Hvu74G3yA9A0LhHmfexy6wZdWjD/kXgsKixE/My0jCLQBXye2G9LsQuae4r/FtzxaMJOXG82UpdtATmyUlZrRARRKRPDCfFEp+IuPTJFJppc19H4hQ7tlcYvYPagFl77GVHdOuwFx91sJAsxXOkJBO1ZOigwdPcoKpKb0f08l60dlT1WAj41BEk6z2rJWtjHxMEhOfkShaaJ4ANQ97PeRPtf86d6SLv5p1ki7Y0TIRJ3uWph/w9OjAYSmSINSLbUegkvoMh3sVFhmgIwjT01JsmeoE4cKQuu22OB/KTOPb+jQNPeNUm2DC535/dCHDz4Jf88lellnuOXVV/BVfXo1eKR0E+iJ9oYg1oNafKOs0CAZG6DZ5hANnPli8N7dgKoOtwbiEbH87HQMTFli2QNiSGwY7+tDXSMj/CFV797pWP15VgrL5a2HOJUmOhRKNqVKxIxONYXpJ0K3h7HoW6PZbGBWZroFew3K3UsqZVdrAlPcmPf1TS+fHX9fEgty+6Vwj9BsudXHR6+3KRWVtXq3By6ut+zGMXAi2QKsSqcR7QG6jrS9V0sPk9DMEEJ5H3Q==",
    3037976868,
  ],
  [
    "float32, 11 bits, scaled, exceptions, 64 dimensions",
    "4QEyQJ4BdAsHBhQ0TUbOBtIs0aCNriLa2kQ7iKIdlmgAAgUYLURU+yEJQA6cdQCIPOQ3fozjKzFKOKVEqsywlHm3mGuO4BU7uq1QISm7NH3lfS2dzAZobqvoNONqtvImK2sA/C/2vi2yhskTFFVU/7JdqyZgEfoxjJnHPAZvlfcWk7YiSUSmr4aWrnFaDv//EDcZ3wK7SWn2NV7pYPsp55caAQCWj6HW",
    2279227546,
  ],
  [
    "fixed decimals of float32, sums of bfloat16s, scaled, 96 dimensions",
    "4QEzYKwBgwAFBoMDCRVQMGZR3/oaboCT8S/1BlE9ZN2qB8GDqf6/CZvyUGTYuAdoyLEKB4VbbnXudQ4e0qMv4hBE7anlz3aTU54fwVvArSMGHoiF1pT8vPNqmHVPfyEAI1IA6iSqaGfk11s7TNwgPdcc1fhWjp96jZl+0ponUpNRmo2kds6XypBTCzypIDjMnj6gLH1eJuU/wVjpy/i10W+Rkai2xACEOWzdAWSop47ZJFD4qlU=",
    1464220697,
  ],
  [
    "shortest decimals of float32, sums of bfloat16s, scaled, 128 dimensions",
    "4QExgAGIAgQAAwCIAs4YAmwWVOfrTyhtT+kddU8nO0aQa+IFYp2fK0ZbVuKdbmH9DSnfxuNL5SOTDvo9SD5x7HW9k/Vy94A7Rb4RN1tNsmzKxOaZ78c2PVUAUjCXuRgTA5HJllD4tuMIaBWFwe87X+lDCT/9pCGKNDCdf0KOouDtBkrFgVy0UyH4HIji3NJde376RGC+Bv8DY+ysNScRnwVkKl2hZVGvDCjz3hH4EmxIXa6LBQB41yNGKypa0hrB5afgP65+FwBKQsahlJR+wAO+QzqbHkcZkSEpCc9DPVIKs0J0hmNW6JAF4GMWxeGTB/NRHbY90PXiQCoMBTugbCBeG5zxf07JXQz8DYzdTzAFNv4=",
    484702240,
  ],
  [
    "float32, 24 bits, exceptions, 96 dimensions",
    "4QEyYMsCIBgLAAEHAAAAYPshCUCYrSHrsJqcVwNwVvdQ/bju0m4SmpmZhikC8yw57QQ8uFgrL6krtKqTq577ZyJZhhi4S+puq8eopDWHzbhL0fIOuZ/nX6hWtAxZ/udr/AvWfWFWfYESYFnmq1LqQ2evsNMA4E3flZpGQMDrMNF2s8ogv/lpOAyh7AOiba6wMeY46h8+3obJHHytNOnn3Lb4O4/81GyfPKQNQNS6YDUMJxwIecjVDlzkqjWE3Bs4MGzRjAbe/pr5RUJD6g13cjaDVcq/ZUrDVZ2rgRW2IylscdjV08bTtSB5A9E2bGJsfN26Y8veZxcwMvmsxvnQRgBFOVmIOgiOj/lGfBu3+8iL4XByNptyQeOeDL6anKXa/LQrMh0y7RqcHq111rfMLTWrPTaonpsGy8YkN987pTGq+V3AiCEQ/69c/nvdQamFCHVCDNY=",
    3607705978,
  ],
];

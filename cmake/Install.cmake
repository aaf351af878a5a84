# What others may use: the program with its rules, and the policy engine as a library.
#   cmake --install build/release --prefix /usr/local                       everything
#   cmake --install build/release --prefix /usr/local --component policy    the library alone
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/signalbox-policy)
set(header_dir ${CMAKE_INSTALL_INCLUDEDIR}/signalbox)

# The library: find_package(signalbox-policy) gives signalbox::policy; pkg-config knows signalbox-policy.
foreach(room base policy)
  set_target_properties(signalbox_${room} PROPERTIES EXPORT_NAME ${room})
  target_include_directories(signalbox_${room} INTERFACE $<INSTALL_INTERFACE:${header_dir}>)
  install(TARGETS signalbox_${room} EXPORT signalbox-policy ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT policy)
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/src/${room} DESTINATION ${header_dir} COMPONENT policy FILES_MATCHING PATTERN "*.h")
endforeach()
install(EXPORT signalbox-policy NAMESPACE signalbox:: DESTINATION ${package_dir} COMPONENT policy)
configure_file(${CMAKE_SOURCE_DIR}/cmake/signalbox-policy-config.cmake.in signalbox-policy-config.cmake @ONLY)
configure_file(${CMAKE_SOURCE_DIR}/cmake/signalbox-policy.pc.in signalbox-policy.pc @ONLY)
write_basic_package_version_file(signalbox-policy-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/signalbox-policy-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/signalbox-policy-config-version.cmake
        DESTINATION ${package_dir} COMPONENT policy)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/signalbox-policy.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT policy)

# The program.
install(TARGETS signalbox RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/rules DESTINATION ${CMAKE_INSTALL_DATADIR}/signalbox COMPONENT program)
